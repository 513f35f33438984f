package import AgentCore
package import Certificates
import Vocabulary
package import WSMan

/// One request of HTTP and its answer, on a connection of its own; inside TLS where the port speaks that.
///
/// Nothing of the request leaves before the peer's certificate is believed.
package final class LocalExchange: LocalConversation {
    private let request: [UInt8]
    private let trust: LocalTrust
    private let isByDriver: Bool
    private var tls: TLSClient?
    private var hasAsked = false
    /// All that came, decrypted.
    package private(set) var answer: [UInt8] = []
    /// Why it did not go on.
    package private(set) var fault: WSManFault?
    /// What was presented, and why it is believed or not; `nil` without TLS.
    package private(set) var presented: (chain: [Certificate], verdict: LocalTrust.Verdict)?

    package init(_ request: [UInt8], trust: LocalTrust, isByDriver: Bool) {
        self.request = request
        self.trust = trust
        self.isByDriver = isByDriver
    }

    package func begin(on port: LocalPort) -> LocalStep {
        guard port == .tls else { return .send(request) }
        do throws(TLSClient.Fault) {
            let client = try TLSClient()
            tls = client
            try client.handshake()
            return .send(client.give())
        } catch { return give(up: .notSent(error.words)) }
    }

    package func receive(_ bytes: [UInt8]) -> LocalStep {
        guard let tls else {
            answer += bytes
            return isAnswered ? .end : .send([])
        }
        tls.take(bytes)
        do throws(TLSClient.Fault) {
            try tls.handshake()
            guard tls.isReady else { return .send(tls.give()) }
            if !hasAsked {
                guard try isBelieved(tls) else { return .end }
                hasAsked = true
                try tls.write(request)
            }
            answer += try tls.read()
            return tls.isOver || isAnswered ? .end : .send(tls.give())
        } catch { return give(up: hasAsked ? .unreachable(error.words) : .notSent(error.words)) }
    }

    private var isAnswered: Bool { HTTPAnswer(answer, isAll: false) != nil }

    private func isBelieved(_ tls: TLSClient) throws(TLSClient.Fault) -> Bool {
        do throws(Failure) {
            let chain = try tls.chain
            let verdict = try trust.judge(chain, isByDriver: isByDriver)
            presented = (chain, verdict)
            guard case .doubted(let why) = verdict else { return true }
            let pin = chain.first.map { " (SHA-256 of its key: \($0.publicKey.pin.hexadecimal))" } ?? ""
            fault = .peerNotTrusted(why + pin)
        } catch { fault = .peerNotTrusted(error.message) }
        return false
    }

    private func give(up fault: WSManFault) -> LocalStep {
        self.fault = fault
        return .end
    }
}
