package import Vocabulary

/// Why an exchange did not give what was asked for.
package enum WSManFault: Error, Hashable, Sendable {
    /// The request may have arrived: look before asking again.
    case unreachable(String)
    /// Nothing was sent.
    case notSent(String)
    /// Nothing was sent, and never will be: the request cannot be said in XML, or is not what the firmware takes.
    case unsendable(String)
    /// The peer is not the one that is pinned or certified; nothing was sent.
    case peerNotTrusted(String)
    /// The firmware speaks no TLS that is allowed for it; nothing was sent.
    case peerTooOld(String)
    /// The firmware does not prove that it has the pre-shared key; nothing was sent.
    case sharedKeyRefused(String)
    /// Another machine's firmware answers, by its UUID; nothing else was asked of it.
    case anotherMachine(String)
    /// Nobody who answers shows which machine it is of; nothing else was asked.
    case machineNotShown(String)
    /// The firmware did not take the account's name and password.
    case authenticationRefused
    /// The firmware answered with a SOAP fault.
    ///
    /// The subcode is given without its prefix: `DestinationUnreachable`. The detail is the text inside `Detail`.
    case fault(subcode: String, reason: String, detail: String?)
    /// What came is not an answer to what was asked.
    case unreadable(String)
    /// The firmware carried the method out as far as to say no.
    case refused(Refusal)
}

extension WSManFault {
    /// The SDK's status word in the answer, when it holds one.
    ///
    /// It is the `ReturnValue` of an `AMT_` method, or the number in a fault's detail `AMT-STATUS <n>`. Source: Intel AMT
    /// Implementation and Reference Guide, "Errors and Return Values".
    package var status: PTStatus? {
        switch self {
        case .refused(let refusal): return refusal.status
        case .fault(_, _, let detail?):
            guard let mark = detail.firstRange(of: "AMT-STATUS") else { return nil }
            let digits = detail[mark.upperBound...].drop { !$0.isWholeNumber }.prefix { $0.isWholeNumber }
            return UInt32(digits).map { PTStatus(rawValue: $0) }
        default: return nil
        }
    }
}

extension WSManFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let why): "the connection failed, and the request may have arrived: \(why)"
        case .notSent(let why): "nothing was sent: \(why)"
        case .unsendable(let why): "the request cannot be sent: \(why)"
        case .peerNotTrusted(let why): "the peer is not the expected firmware, and nothing was sent: \(why)"
        case .peerTooOld(let why): "the firmware speaks only TLS 1.0 or 1.1, and nothing was sent: \(why)"
        case .sharedKeyRefused(let why): "the firmware does not share the pre-shared key, and nothing was sent: \(why)"
        case .anotherMachine(let why): "another machine's firmware answers, and nothing was asked of it: \(why)"
        case .machineNotShown(let why): "it cannot be told which machine answers, and nothing was asked of it: \(why)"
        case .authenticationRefused: "the firmware refused the account's name and password"
        case .fault(let subcode, let reason, let detail):
            "the firmware answered with the fault \(subcode): \(reason)" + (detail.map { " (\($0))" } ?? "")
        case .unreadable(let what): "the firmware's answer cannot be read: \(what)"
        case .refused(let refusal): "\(refusal)"
        }
    }
}
