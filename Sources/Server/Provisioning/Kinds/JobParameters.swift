import Foundation
package import Jobs
package import Vocabulary

extension JobKind {
    /// From the first hello to a proved, managed firmware.
    package static let provision: JobKind = "provision"
    /// A new name for a managed firmware, in place.
    package static let rename: JobKind = "rename"
}

/// What a ``Jobs/JobKind/provision`` job is given.
package struct ProvisionParameters: Hashable, Codable, Sendable {
    package var name: Hostname

    package init(name: Hostname) { self.name = name }
}

/// What a ``Jobs/JobKind/rename`` job is given.
package struct RenameParameters: Hashable, Codable, Sendable {
    /// The name that the agent claims for its machine.
    package var claim: Hostname
    /// The name that must show up in the firmware's HostOSFQDN to prove that the claim comes from that machine.
    package var echo: Hostname

    package init(claim: Hostname, echo: Hostname) {
        self.claim = claim
        self.echo = echo
    }
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
