import COpenSSL
import Vocabulary

/// The client's side of one TLS connection, without I/O: the peer's bytes go in, bytes for the peer and its text come out.
///
/// It verifies nothing. Whoever uses it looks at ``chain`` after the handshake and before the first ``write(_:)``; the
/// handshake proved that the peer holds the first certificate's key. TLS 1.2 and 1.3, as OpenSSL's settings allow.
package final class TLSClient {
    /// The connection cannot go on; OpenSSL's own words.
    package struct Fault: Error, Hashable, Sendable { package var words: String }

    private let context: Owned
    private let session: Owned
    // The session owns both.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    /// Whether the handshake is done.
    package private(set) var isReady = false
    /// Whether the peer has said that nothing more comes.
    package private(set) var isOver = false

    package init() throws(Fault) {
        do throws(Failure) {
            context = try Owned(SSL_CTX_new(TLS_client_method()), SSL_CTX_free, code: .certificateUnreadable, "no TLS")
            guard house_tls_at_least_1_2(context.pointer) == 1 else {
                throw openSSLFailure(.certificateUnreadable, "no TLS 1.2")
            }
            // The chain is judged by whoever uses this.
            SSL_CTX_set_verify(context.pointer, SSL_VERIFY_NONE, nil)
            session = try Owned(SSL_new(context.pointer), SSL_free, code: .certificateUnreadable, "no TLS")
            guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
                throw openSSLFailure(.certificateUnreadable, "no memory BIO")
            }
            (self.incoming, self.outgoing) = (incoming, outgoing)
        } catch { throw Fault(words: error.message) }
        SSL_set_bio(session.pointer, incoming, outgoing)
        SSL_set_connect_state(session.pointer)
    }

    /// Goes on with the handshake, as far as what came allows.
    package func handshake() throws(Fault) {
        guard !isReady else { return }
        let outcome = SSL_do_handshake(session.pointer)
        isReady = outcome == 1
        if outcome != 1 { try goOn(outcome) }
    }

    /// Takes bytes of the peer.
    package func take(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        // A memory BIO grows; it fails only without memory.
        let count = BIO_write(incoming, bytes, CInt(bytes.count))
        precondition(count == CInt(bytes.count), "a memory BIO took \(count) of \(bytes.count) bytes")
    }

    /// What is to be sent to the peer now.
    package func give() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(BIO_ctrl_pending(outgoing)))
        guard !bytes.isEmpty else { return [] }
        let count = BIO_read(outgoing, &bytes, CInt(bytes.count))
        return Array(bytes.prefix(max(Int(count), 0)))
    }

    /// Encrypts text for the peer; ``give()`` has it then.
    package func write(_ text: [UInt8]) throws(Fault) {
        guard !text.isEmpty else { return }
        let count = SSL_write(session.pointer, text, CInt(text.count))
        guard count == CInt(text.count) else { throw Self.fault("nothing could be encrypted") }
    }

    /// The text that came since the last call.
    package func read() throws(Fault) -> [UInt8] {
        var (text, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 16_384))
        while true {
            let count = SSL_read(session.pointer, &buffer, CInt(buffer.count))
            guard count > 0 else {
                try goOn(count)
                return text
            }
            text += buffer.prefix(Int(count))
        }
    }

    /// What the peer presented, its own certificate first; empty before the handshake.
    package var chain: [Certificate] {
        get throws(Failure) {
            let stack = SSL_get_peer_cert_chain(session.pointer)
            var chain: [Certificate] = []
            for place in 0..<house_certificates_count(stack) {
                guard let certificate = house_certificate(stack, place) else { continue }
                chain.append(
                    try Certificate(der: try Certificates.der(.certificateUnreadable) { i2d_X509(certificate, $0) }))
            }
            return chain
        }
    }

    /// Whether a call that did not end well only waits for the peer.
    private func goOn(_ outcome: CInt) throws(Fault) {
        switch SSL_get_error(session.pointer, outcome) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return
        case SSL_ERROR_ZERO_RETURN: isOver = true
        default: throw Self.fault("TLS failed")
        }
    }

    private static func fault(_ what: String) -> Fault {
        Fault(words: openSSLFailure(.certificateUnreadable, what).message)
    }
}
