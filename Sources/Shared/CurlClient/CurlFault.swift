/// Why there is no answer, and what may have happened to the request.
package enum CurlFault: Error, Hashable, Sendable {
    /// No connection was made: nothing was sent.
    case notConnected(String)
    /// The peer is not the one that was asked for: nothing of the request was sent.
    case peerNotTrusted(String)
    /// The peer has nothing better than TLS 1.1: nothing of the request was sent.
    case peerTooOld(String)
    /// The handshake with a pre-shared key failed: nothing of the request was sent.
    case sharedKeyRefused(String)
    /// The request may have arrived.
    case lost(String)
    /// The answer broke a limit or the protocol.
    case answerUnreadable(String)
    case cancelled
    /// libcurl itself could not be set up.
    case unusable(String)
}

extension CurlFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notConnected(let why): "no connection: \(why)"
        case .peerNotTrusted(let why): "the peer is not trusted: \(why)"
        case .peerTooOld(let why): "the peer speaks only TLS 1.0 or 1.1: \(why)"
        case .sharedKeyRefused(let why): "no TLS by the pre-shared key: \(why)"
        case .lost(let why): "the connection was lost: \(why)"
        case .answerUnreadable(let why): "the answer cannot be read: \(why)"
        case .cancelled: "cancelled"
        case .unusable(let why): "libcurl: \(why)"
        }
    }
}
