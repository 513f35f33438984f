import Foundation
package import Jobs
package import Vocabulary

extension JobKind {
    /// From the first hello to a proved, managed firmware.
    package static let provision: JobKind = "provision"
    /// A new name for a managed firmware, in place.
    package static let rename: JobKind = "rename"
    /// A new name for a managed firmware, by partial unprovisioning and provisioning.
    package static let reprovision: JobKind = "reprovision"
    /// A new certificate for the name that a managed firmware has.
    package static let renew: JobKind = "renew"
    /// Removal of accounts of ours that should not be there.
    package static let sweep: JobKind = "sweep"
    /// A boot from the network, once, now.
    package static let bootNetwork: JobKind = "boot-pxe"
    /// A firmware that another console provisioned becomes ours.
    package static let adopt: JobKind = "adopt"
    /// Back to set-up or to the factory's state, because a person wants it.
    package static let unprovision: JobKind = "unprovision"
}

/// What a ``Jobs/JobKind/provision`` job is given.
package struct ProvisionParameters: Hashable, Codable, Sendable {
    package var name: Hostname

    package init(name: Hostname) { self.name = name }
}

/// What a ``Jobs/JobKind/rename`` or a ``Jobs/JobKind/reprovision`` job is given.
package struct RenameParameters: Hashable, Codable, Sendable {
    /// The name that the firmware shall have.
    package var claim: Hostname
    /// The name that must show up in the firmware's HostOSFQDN to prove that an agent's claim comes from that machine.
    ///
    /// `nil` when a person at the server wants the name: nobody claims anything then.
    package var echo: Hostname?
    /// Why this route was taken, for people.
    package var why: String?
    /// SHA-256 of the key that the claiming agent named, hexadecimal: whoever follows this job proves it for that key.
    package var agentKey: String?
    /// What the firmware shall sign, 20 bytes in base64; `nil` where no signature is asked for.
    package var boardNonce: String?

    package init(
        claim: Hostname, echo: Hostname?, why: String? = nil, agentKey: String? = nil, boardNonce: String? = nil
    ) {
        self.claim = claim
        self.echo = echo
        self.why = why
        self.agentKey = agentKey
        self.boardNonce = boardNonce
    }
}

extension JobRecord {
    /// What the job was told of names, when its kind is told any.
    var claim: RenameParameters? {
        get throws(Failure) {
            guard kind == .rename || kind == .reprovision else { return nil }
            return try decoded(RenameParameters.self, parameters)
        }
    }
}

/// What a ``Jobs/JobKind/adopt`` job is given.
package struct AdoptParameters: Hashable, Codable, Sendable {
    /// The name that the firmware has now, and its principal.
    package var name: Hostname
    /// SHA-256 of the SubjectPublicKeyInfo that a person has accepted, hexadecimal.
    package var pin: String
    /// A digest user whose password the store holds; Kerberos when `nil`.
    package var user: String?
    /// Whether admin gets a password of ours, so that the temporary account need not stay.
    package var takesAdmin: Bool

    package init(name: Hostname, pin: String, user: String?, takesAdmin: Bool) {
        self.name = name
        self.pin = pin
        self.user = user
        self.takesAdmin = takesAdmin
    }
}

/// What a ``Jobs/JobKind/unprovision`` job is given.
package struct UnprovisionParameters: Hashable, Codable, Sendable {
    /// To the factory's state; else to set-up, with admin, names and root hashes kept.
    package var full: Bool

    package init(full: Bool) { self.full = full }
}

extension JobSignal {
    /// The agent has written the echo's name.
    package static let echoWritten = JobSignal(rawValue: "echo-written")
    /// The agent has written the true name back.
    package static let echoRestored = JobSignal(rawValue: "echo-restored")
}

func encoded(_ value: some Encodable) throws(Failure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch {
        throw Failure(.jobStepUnknown, "a value cannot be written as JSON: \(error)", remedy: .giveUp)
    }
}

func decoded<Value: Decodable>(_ type: Value.Type, _ text: String) throws(Failure) -> Value {
    do { return try JSONDecoder().decode(type, from: Data(text.utf8)) } catch {
        throw Failure(
            .jobStepUnknown, "the job's parameters cannot be read by this version: \(error)",
            hint: "Let the server version that made the job finish it.")
    }
}
