package import Certificates
package import Vocabulary

/// Issues the TLS certificates that firmware presents after provisioning.
///
/// The protocol is what every authority can do. What only some can do becomes a protocol of its own, asked for with
/// `as?`.
package protocol CertificateAuthority: Sendable {
    /// The authorities under which its certificates verify, PEM.
    var trustAnchors: String { get }

    /// How many bits the RSA keys of its certificates shall have.
    var keyBits: Int { get }

    /// Signs a request whose key pair was made inside the firmware.
    ///
    /// - Returns: The leaf.
    /// - Throws: A ``Failure`` that waits when the authority cannot be reached, and asks the operator when it refuses.
    func issue(_ request: CertificateRequest, for name: Hostname, now: Double) async throws(Failure) -> Certificate
}

extension CertificateAuthority {
    package var keyBits: Int { 2048 }
}

/// An authority that can take certificates back.
package protocol RevokingAuthority: CertificateAuthority {
    /// Takes a certificate back; one that was taken back before stays so for its first reason.
    func revoke(_ certificate: Certificate, because reason: RevocationReason, now: Double) async throws(Failure)
}

/// An authority that gives agents certificates with which they speak to this server.
package protocol AgentAuthority: CertificateAuthority {
    /// - Returns: PEM: the certificate, then the authorities above it.
    func issue(agentOf machine: MachineID, _ key: PublicKey, now: Double) async throws(Failure) -> String
}
