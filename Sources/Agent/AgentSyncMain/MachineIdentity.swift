import AgentCore
import Certificates
import CurlClient
import Glibc
import Vocabulary
import Wire

/// The agent's own key, made here and never sent, and the certificate that the server gave for it.
///
/// A job that ends well has proved the machine for this key; from then on the certificate speaks for the machine when
/// the build token has ended.
struct MachineIdentity {
    private var key: PrivateKey
    /// The certificate first; empty until the server has given one.
    private var chain: [Certificate]
    private let file: IdentityFile

    /// How long before its end a certificate is renewed.
    private static let renewal = 60 * 86_400

    /// Reads what is kept in a state directory.
    ///
    /// - Returns: `nil` when nothing is.
    init?(in directory: String) throws(Failure) {
        file = IdentityFile(in: directory)
        guard let pem = try file.read() else { return nil }
        key = try PrivateKey(pem: pem)
        chain = []
        let text = pem.revealedText
        if text.contains("-----BEGIN CERTIFICATE-----") { chain = try Certificate.all(pem: text) }
    }

    /// Makes a key and keeps it.
    init(newIn directory: String) throws(Failure) {
        file = IdentityFile(in: directory)
        key = try PrivateKey.p256()
        chain = []
        try file.write(key.pem)
    }

    /// What a report names the key by.
    var keyName: String { get throws(Failure) { try key.publicKey.pin.hexadecimal } }

    /// Until when the certificate may be shown to this server, seconds since 1970; `nil` where there is none for it.
    func end(at server: Enrolment) throws(Failure) -> Int? {
        guard let leaf = chain.first, leaf.notAfter > time(nil), try leaf.publicKey == key.publicKey else { return nil }
        // Another server's would break the handshake.
        for authority in try Certificate.all(pem: server.serverCA) where try leaf.isIssued(by: authority) {
            return leaf.notAfter
        }
        return nil
    }

    /// What to show to this server.
    func shown(to server: Enrolment) throws(Failure) -> ClientIdentity? {
        guard try end(at: server) != nil else { return nil }
        return ClientIdentity(chain: try Self.text(chain), key: key.pem)
    }

    /// Orders a certificate where there is none for this server, or its end is near, and keeps it.
    ///
    /// The job is the one that has proved the machine; without one only a renewal can be had. Throws what
    /// the server refuses with, or ``Failure/Code/stateDirectoryUnusable``.
    mutating func order(
        _ machine: MachineID, job: String?, at server: Enrolment, through connection: CurlConnection
    ) async throws(Failure) {
        let end = try end(at: server)
        if let end, end > time(nil) + Self.renewal { return }
        guard job != nil || end != nil else { return }
        let request = try CertificateRequest.signed(commonName: machine.text, by: key)
        let issued = try await connection.order(CertificateOrder(machine: machine, job: job, request: request))
        let links = try Certificate.all(pem: issued.chain)
        guard let leaf = links.first, try leaf.publicKey == key.publicKey else {
            throw Failure(.serverAnswerUnreadable, "the server gave a certificate for another key")
        }
        chain = links
        let certificates = try Self.text(chain)
        try file.write(key.pem.reveal { Secret($0 + [0x0A] + Array(certificates.utf8)) })
    }

    private static func text(_ chain: [Certificate]) throws(Failure) -> String {
        var text = ""
        for link in chain { text += try link.pem }
        return text
    }
}
