import Certificates
package import Fleet
import Foundation
import Jobs
package import Vocabulary
package import Wire

/// Who may speak for a machine: the holder of a build token, and later the machine's agent by a certificate of its own.
///
/// The certificate is given for a key that the agent named before a job proved the machine, so that the echo in that
/// machine's firmware vouches for the key. One key a machine: the record holds its pin, and no other one is listened to.
extension ServerCore {
    /// Returns where who shows this may speak for the machine, or may speak at all.
    ///
    /// Only machines with a record count as a token's uses, so that nobody uses one up with made-up UUIDs.
    package func admit(_ credential: AgentCredential, for machine: MachineID?) async throws(Failure) {
        if let holder = try await holder(of: credential), machine == nil || machine == holder { return }
        let token = try required(credential)
        var isKnown = false
        if let machine { isKnown = try await store.device(machine) != nil }
        _ = try await store.admit(hash: Self.hash(token), for: machine, spends: isKnown, now: clock())
    }

    /// Returns where who shows this has spoken for the job's machine, or there is no such job.
    package func admit(_ credential: AgentCredential, toJob text: String) async throws(Failure) {
        guard let id = JobID(text), let job = try await store.job(id) else { return }
        if try await holder(of: credential) == job.machine { return }
        let token = try await store.admit(
            hash: Self.hash(try required(credential)), for: job.machine, spends: false, now: clock())
        guard token.machines.contains(job.machine) else {
            throw BuildToken.refusal("has never spoken for the machine of job \(id)")
        }
    }

    /// Gives a machine's agent a certificate for the key that a job of its own has proved, or renews the one it shows.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/claimNotProved`` where neither vouches for the request.
    package func take(
        _ order: CertificateOrder, from credential: AgentCredential
    ) async throws(Failure) -> IssuedCertificate {
        guard let authority = authority as? any AgentAuthority else {
            throw Failure(.serverRefused, "this server's authority gives agents no certificates")
        }
        let key = try CertificateRequest(pem: order.request).publicKey
        let isHolder = try await holder(of: credential) == order.machine
        if !isHolder { try await requireProof(of: key, order) }
        let changed = try await store.change(order.machine) { (record: inout DeviceRecord?) throws(Failure) in
            if let record { try Self.requireUse(of: record) }
            record?.agentKey = key.pin.hexadecimal
        }
        guard changed != nil else { throw Self.unknown(order.machine) }
        return IssuedCertificate(chain: try await authority.issue(agentOf: order.machine, key, now: clock()))
    }

    private func requireProof(of key: PublicKey, _ order: CertificateOrder) async throws(Failure) {
        guard let text = order.job, let id = JobID(text), let job = try await store.job(id),
            job.machine == order.machine, job.state == .done, let claim = try job.claim, claim.echo != nil,
            claim.agentKey == key.pin.hexadecimal
        else {
            throw Failure(
                .claimNotProved, "no job has proved \(order.machine) for this key",
                hint: "Run namesake-agent sync: a job that ends well proves the machine.")
        }
    }

    /// Ends what a machine's agent may do without a build token.
    package func forgetAgent(of machine: MachineID) async throws(Failure) -> DeviceRecord {
        let changed = try await store.change(machine) { (record: inout DeviceRecord?) in record?.agentKey = nil }
        guard let changed else { throw Self.unknown(machine) }
        return changed
    }

    /// The machine whose agent shows its own certificate; the handshake has proved chain, dates and key.
    private func holder(of credential: AgentCredential) async throws(Failure) -> MachineID? {
        guard let der = credential.certificate else { return nil }
        let certificate = try Certificate(der: der)
        guard let machine = MachineID(certificate.subjectCommonName), let record = try await store.device(machine),
            record.stage != .retired, record.agentKey == certificate.publicKey.pin.hexadecimal
        else { return nil }
        return machine
    }

    private func required(_ credential: AgentCredential) throws(Failure) -> Secret {
        guard let token = credential.token else {
            throw Failure(
                .tokenRefused, "the agent's certificate does not stand for this machine any more",
                hint: "Make a new enrolment file with `namesake-server tokens create` and put it on the machine.")
        }
        return token
    }

    private static func hash(_ token: Secret) -> [UInt8] { token.reveal { Digest.sha256($0) } }
}
