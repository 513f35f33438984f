package import Vocabulary

/// What an agent shows to say for which machine it speaks: a build token, a certificate, or both.
package struct AgentCredential: Sendable {
    package var token: Secret?
    /// DER of the client certificate, whose chain and key the handshake has proved.
    package var certificate: [UInt8]?

    package init(token: Secret?, certificate: [UInt8]?) {
        self.token = token
        self.certificate = certificate
    }
}

/// An agent's order of the client certificate with which it speaks for its machine when its build token has ended.
package struct CertificateOrder: Hashable, Codable, Sendable {
    package var wireVersion: Int
    package var machine: MachineID
    /// The job that has proved the machine for the request's key; absent where the certificate in use is renewed.
    package var job: String?
    /// PKCS#10 in PEM.
    package var request: String

    package init(machine: MachineID, job: String?, request: String) {
        wireVersion = Wire.version
        self.machine = machine
        self.job = job
        self.request = request
    }
}

/// The answer to a ``CertificateOrder``.
package struct IssuedCertificate: Hashable, Codable, Sendable {
    /// PEM: the certificate, then the authorities above it.
    package var chain: String

    package init(chain: String) { self.chain = chain }
}
