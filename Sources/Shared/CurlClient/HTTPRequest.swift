package import Vocabulary

/// Sends a request once, and gives its answer or what became of it.
///
/// ``CurlClient`` does so over a network; a simulation in one loop does without one.
package protocol HTTPSending: Sendable {
    /// - Throws: ``CurlFault``; after ``CurlFault/lost(_:)`` the request may have arrived.
    func send(_ request: HTTPRequest) async throws(CurlFault) -> HTTPAnswer
}

extension CurlClient: HTTPSending {}

/// One HTTP/1.1 request, with all that decides whom it may reach.
package struct HTTPRequest: Sendable {
    package var method: String
    /// `https://name:port/path`; the name is what the peer's certificate must carry, wherever the connection goes.
    package var url: String
    package var headers: [HTTPHeader]
    package var body: [UInt8]
    /// `address:port` to connect to in the URL's stead, without DNS or hosts file.
    package var connectTo: String?
    /// A Unix socket to connect to in the URL's stead.
    package var unixSocket: String?
    package var trust: PeerTrust
    /// Why the peer with this certificate (DER) is not to be spoken to, if it is not; asked after a handshake, before
    /// anything is sent.
    package var objection: (@Sendable (_ certificate: [UInt8]) -> String?)?
    package var identity: ClientIdentity?
    /// The key that both ends of TLS have in place of certificates.
    package var sharedKey: TLSSharedKey?
    /// Whether the request must open a connection of its own, with a full handshake.
    package var opensConnection = false
    /// The one connection that the request may go over, as ``HTTPAnswer/connection`` says it; else nothing is sent.
    package var keptConnection: Int?
    /// Whether the connection is closed after the answer.
    package var closesConnection = false
    /// Whether only the handshake is made and nothing is sent: to look at a peer that is not trusted.
    package var looksOnly = false
    /// Whether TLS 1.0 and 1.1 with static RSA and SHA-1 will do, which AMT up to 11 has nothing better than.
    package var allowsLegacyTLS = false
    package var connectTimeout: Duration = .seconds(30)
    package var timeout: Duration = .seconds(60)
    /// The longest answer taken, in bytes.
    package var answerLimit = 1 << 20

    package init(
        _ method: String, _ url: String, headers: [HTTPHeader] = [], body: [UInt8] = [], trust: PeerTrust
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.trust = trust
    }
}

package struct HTTPHeader: Sendable {
    package var name: String
    package var value: Secret

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = Secret(value)
    }

    package init(_ name: String, secret value: Secret) {
        self.name = name
        self.value = value
    }
}

/// Whom a request may speak to.
package struct PeerTrust: Hashable, Sendable {
    /// The only authorities taken, PEM, one after the other; `nil` asks for no chain at all.
    package var authorities: String?
    /// SHA-256 of the peer's SubjectPublicKeyInfo; nothing is sent to another.
    package var pin: [UInt8]?

    /// The chain must end in one of these authorities and the name must be the URL's.
    package static func authorities(_ pem: String, pin: [UInt8]? = nil) -> Self { .init(authorities: pem, pin: pin) }

    /// Exactly this key, whatever its certificate says.
    package static func pinned(_ spki: [UInt8]) -> Self { .init(authorities: nil, pin: spki) }

    /// Anybody who answers: firmware in set-up presents a certificate that it signed itself, and demands ours.
    package static let setUpPeer = PeerTrust(authorities: nil, pin: nil)
}

/// The certificate that we present, PEM: leaf first, root included where the peer knows roots only by their hashes.
package struct ClientIdentity: Sendable {
    package var chain: String
    package var key: Secret

    package init(chain: String, key: Secret) {
        self.chain = chain
        self.key = key
    }
}

/// A pre-shared key of TLS up to 1.2 (RFC 4279): both ends prove that they have it, and no certificate is looked at.
package struct TLSSharedKey: Sendable {
    /// Sent in the open.
    package var identity: String
    package var key: Secret

    package init(identity: String, key: Secret) {
        self.identity = identity
        self.key = key
    }
}

/// What came back.
package struct HTTPAnswer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Whether this exchange opened a connection.
    package var openedConnection: Bool
    /// Tells connections apart that are open at the same time: the local port.
    package var connection: Int
    /// The peer's leaf certificate, DER, where this exchange made the handshake.
    package var peerCertificate: [UInt8]?

    package init(
        status: Int, headers: [(name: String, value: String)], body: [UInt8], openedConnection: Bool,
        connection: Int = 0, peerCertificate: [UInt8]? = nil
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.openedConnection = openedConnection
        self.connection = connection
        self.peerCertificate = peerCertificate
    }

    /// The values of a header, in order; names compare without case.
    package func values(of name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }
}
