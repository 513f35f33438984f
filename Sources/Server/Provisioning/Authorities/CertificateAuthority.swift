package import Certificates
package import Vocabulary

/// Issues the TLS certificates that firmware presents after provisioning.
///
/// The protocol is what every authority can do. What only some can do becomes a protocol of its own, asked for with
/// `as?`.
package protocol CertificateAuthority: Sendable {
    /// The authorities under which its certificates verify, PEM.
    var trustAnchors: String { get }

    /// Signs a request whose key pair was made inside the firmware.
    ///
    /// - Returns: The leaf.
    /// - Throws: A ``Failure`` that waits when the authority cannot be reached, and asks the operator when it refuses.
    func issue(_ request: CertificateRequest, for name: Hostname, now: Double) async throws(Failure) -> Certificate
}

/// The authority that `namesake-server init` makes: one root, its key in the server's folder.
package struct BuiltInAuthority: CertificateAuthority {
    private let root: Certificate
    private let key: PrivateKey
    package let trustAnchors: String

    package init(root: Certificate, key: PrivateKey) throws(Failure) {
        guard try key.publicKey == root.publicKey else {
            throw Failure(
                .certificateUnfit, "the authority's key does not belong to its certificate",
                hint: "Restore authority.pem and authority.key together.")
        }
        self.root = root
        self.key = key
        trustAnchors = try root.pem
    }

    package func issue(
        _ request: CertificateRequest, for name: Hostname, now: Double
    ) async throws(Failure) -> Certificate {
        try CertificateProfile.server(name).issue(
            for: request.publicKey, by: root, signingWith: key, now: Int(now))
    }
}
