import CLibCurl
import Vocabulary

/// Keys, certificates and authorities as OpenSSL has them, read once and not for each connection.
///
/// Of one thread. What is forgotten here lives on in the connections that use it.
final class TLSMaterials {
    /// What one kind of connection is made with.
    final class Set {
        fileprivate let trusted: String?
        fileprivate let shown: ClientIdentity?
        fileprivate let sharedKey: String?
        private let authorities: OpaquePointer?
        private let identity: UnsafeMutablePointer<house_tls_identity>?
        /// Tells sets apart; none is given twice.
        let number: Int

        fileprivate init(_ request: HTTPRequest, number: Int) throws(CurlFault) {
            (trusted, shown, sharedKey) = (request.trust.authorities, request.identity, request.sharedKey?.identity)
            self.number = number
            authorities = trusted.flatMap { Self.bytes($0) { house_tls_authorities_read($0, $1) } }
            identity = shown.flatMap { shown in
                shown.key.reveal { key in
                    Self.bytes(shown.chain) { house_tls_identity_read($0, $1, key, key.count) }
                }
            }
            guard (authorities == nil) == (trusted == nil) else {
                throw .unusable("the authorities that are to be believed cannot be read")
            }
            guard (identity == nil) == (shown == nil) else {
                throw .unusable("the certificate that is to be shown or its key cannot be read, or one is another's")
            }
        }

        deinit {
            house_tls_authorities_free(authorities)
            house_tls_identity_free(identity)
        }

        private static func bytes<Value>(_ text: String, _ body: (UnsafePointer<UInt8>?, Int) -> Value) -> Value {
            var text = text
            return text.withUTF8 { body($0.baseAddress, $0.count) }
        }

        /// Gives a new connection's context what the set holds.
        func use(in context: UnsafeMutableRawPointer) -> CURLcode {
            if let authorities {
                let outcome = house_tls_authorities_use(context, authorities)
                guard outcome == CURLE_OK else { return outcome }
            }
            return identity.map { house_tls_identity_use(context, $0) } ?? CURLE_OK
        }
    }

    /// More than a server has kinds of connections: its authority's, other consoles', webhooks', roots to be set up under.
    private static let most = 32
    private var sets: [Set] = []
    private var count = 0

    /// What a request's connection is made with.
    ///
    /// - Throws: ``CurlFault/unusable(_:)`` where something of it cannot be read.
    func set(for request: HTTPRequest) throws(CurlFault) -> Set {
        let found = sets.first { set in
            // The same string is found equal by its address.
            set.trusted == request.trust.authorities && set.sharedKey == request.sharedKey?.identity
                && set.shown?.chain == request.identity?.chain && set.shown?.key == request.identity?.key
        }
        if let found { return found }
        count += 1
        let made = try Set(request, number: count)
        if sets.count >= Self.most { sets.removeFirst() }
        sets.append(made)
        return made
    }
}
