package import AMTHI
package import AgentCore
package import Certificates
import FirmwareHTTP
import Synchronization
import Vocabulary
package import WSMan

/// The way to this machine's own firmware: through Intel's LMS where it listens, else through the firmware's port forwarding
/// client; as the local system account, whose password never leaves the process.
///
/// Every request has a connection of its own. The challenge of the first one serves those after it; when the firmware
/// asks for a fresh one, the request is repeated once with that, and then it is a refusal.
package final class LocalTransport: WSManTransport {
    /// How requests went.
    package enum Way: String, Sendable {
        case lms
        case lme
    }

    /// What the last connection showed.
    package struct Seen: Sendable {
        package var way: Way
        /// Presented by TLS, the firmware's own certificate first; empty without TLS.
        package var chain: [Certificate] = []
        package var verdict: LocalTrust.Verdict?
    }

    private struct State: Sendable {
        var authorization: DigestAuthorization?
        var seen: Seen?
    }

    private let credential: DigestCredential
    private let device: DeviceAddress
    private let patience: DevicePatience
    private let lms: LMSAddress
    private let trust: LocalTrust
    private let state = Mutex(State())

    /// - Parameters:
    ///   - account: As the firmware gave it; it changes at most once a day, at a start.
    ///   - device: Where the host interface was found.
    ///   - patience: How long to wait for what.
    ///   - lms: Where Intel's LMS listens.
    ///   - trust: By what the firmware's certificate is believed where TLS is spoken.
    package init(
        _ account: LocalSystemAccount, device: DeviceAddress, patience: DevicePatience, lms: LMSAddress = .init(),
        trust: LocalTrust
    ) {
        credential = DigestCredential(user: account.user, password: account.password)
        self.device = device
        self.patience = patience
        self.lms = lms
        self.trust = trust
    }

    /// What the last connection showed, also of a peer that was not believed; `nil` before the first.
    package var seen: Seen? { state.withLock { $0.seen } }

    package func exchange(_ envelope: [UInt8], title: String) async throws(WSManFault) -> [UInt8] {
        let first = try send(envelope, authorization: try authorization(for: envelope))
        guard first.status == 401 else { return try Self.body(first) }
        guard let challenge = first.challenge.flatMap({ DigestChallenge($0) }) else {
            throw .unreadable("the firmware asks for an account in a way that is not known here")
        }
        state.withLock { $0.authorization = DigestAuthorization(challenge) }
        let second = try send(envelope, authorization: try authorization(for: envelope))
        // Once: a password is not tried in a loop.
        guard second.status != 401 else { throw .authenticationRefused }
        return try Self.body(second)
    }

    /// The header for a request; `nil` before there was a challenge.
    private func authorization(for envelope: [UInt8]) throws(WSManFault) -> Secret? {
        let nonce: String
        do throws(Failure) { nonce = try randomBytes(16).hexadecimal } catch { throw .notSent(error.message) }
        return state.withLock {
            $0.authorization?.header(
                for: credential, method: "POST", path: "/wsman", body: envelope, clientNonce: nonce)
        }
    }

    private static func body(_ answer: HTTPAnswer) throws(WSManFault) -> [UInt8] {
        guard [200, 400, 500].contains(answer.status) else { throw .unreadable("HTTP status \(answer.status)") }
        return answer.body
    }

    private func send(_ body: [UInt8], authorization: Secret?) throws(WSManFault) -> HTTPAnswer {
        var head =
            "POST /wsman HTTP/1.1\r\nHost: 127.0.0.1:16992\r\nContent-Type: application/soap+xml; charset=UTF-8\r\n"
        head += "Content-Length: \(body.count)\r\nConnection: close\r\n"
        if let authorization { head += "Authorization: \(authorization.revealedText)\r\n" }
        let bytes = try carry(Array((head + "\r\n").utf8) + body)
        guard let answer = HTTPAnswer(bytes) else { throw .unreadable("what came is no whole answer of HTTP") }
        return answer
    }

    private func carry(_ request: [UInt8]) throws(WSManFault) -> [UInt8] {
        var exchange = LocalExchange(request, trust: trust, isByDriver: false)
        let outcome = lms.converse(&exchange, within: patience.answer)
        note(exchange, .lms)
        if let fault = exchange.fault { throw fault }
        switch outcome {
        case .held: return exchange.answer
        case .broken(let why): throw .unreachable(why)
        case .absent: break
        }
        exchange = LocalExchange(request, trust: trust, isByDriver: true)
        do throws(HostInterfaceFault) {
            try converseThroughPortForwarding(&exchange, at: device, patience: patience)
        } catch {
            note(exchange, .lme)
            throw exchange.fault ?? .unreachable("\(error)")
        }
        note(exchange, .lme)
        if let fault = exchange.fault { throw fault }
        return exchange.answer
    }

    private func note(_ exchange: LocalExchange, _ way: Way) {
        let seen = Seen(way: way, chain: exchange.presented?.chain ?? [], verdict: exchange.presented?.verdict)
        state.withLock { $0.seen = seen }
    }
}
