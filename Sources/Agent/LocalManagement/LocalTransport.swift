package import AMTHI
package import AgentCore
import Certificates
import FirmwareHTTP
import Vocabulary
package import WSMan

/// The way to this machine's own firmware: through Intel's LMS where it listens, else through the firmware's port forwarding
/// client; as the local system account, whose password never leaves the process.
package struct LocalTransport: WSManTransport {
    private let credential: DigestCredential
    private let device: DeviceAddress
    private let patience: DevicePatience
    private let lms: LMSAddress

    /// - Parameters:
    ///   - account: As the firmware gave it; it changes at most once a day, at a start.
    ///   - device: Where the host interface was found.
    ///   - patience: How long to wait for what.
    ///   - lms: Where Intel's LMS listens.
    package init(
        _ account: LocalSystemAccount, device: DeviceAddress, patience: DevicePatience, lms: LMSAddress = .init()
    ) {
        credential = DigestCredential(user: account.user, password: account.password)
        self.device = device
        self.patience = patience
        self.lms = lms
    }

    package func exchange(_ envelope: [UInt8], title: String) async throws(WSManFault) -> [UInt8] {
        let first = try send(envelope, authorization: nil)
        guard first.status == 401 else { return try Self.body(first) }
        guard let challenge = first.challenge.flatMap({ DigestChallenge($0) }) else {
            throw .unreadable("the firmware asks for an account in a way that is not known here")
        }
        var authorization = DigestAuthorization(challenge)
        let nonce: String
        do throws(Failure) { nonce = try randomBytes(16).hexadecimal } catch { throw .notSent(error.message) }
        let header = authorization.header(
            for: credential, method: "POST", path: "/wsman", body: envelope, clientNonce: nonce)
        let second = try send(envelope, authorization: header)
        // Once: a password is not tried in a loop.
        guard second.status != 401 else { throw .authenticationRefused }
        return try Self.body(second)
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
        switch lms.exchange(request, within: patience.answer) {
        case .answer(let bytes): return bytes
        case .broken(let why): throw .unreachable(why)
        case .absent: break
        }
        do throws(HostInterfaceFault) {
            return try exchangeThroughPortForwarding(request, port: 16992, at: device, patience: patience)
        } catch { throw .unreachable("\(error)") }
    }
}
