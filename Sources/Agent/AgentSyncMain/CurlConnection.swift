import AgentCore
import CurlClient
import Glibc
import Vocabulary
import Wire

/// The server behind HTTPS; only the authority of the enrolment file may vouch for it.
struct CurlConnection: ServerConnection {
    private let client: CurlClient
    private let server: String
    private let trust: PeerTrust
    private let authorization: Secret
    private let identity: ClientIdentity?

    init(_ enrolment: Enrolment, as identity: MachineIdentity?) throws(Failure) {
        self.identity = try identity?.shown(to: enrolment)
        do throws(CurlFault) { client = try CurlClient() } catch { throw Self.failure(error, server: enrolment.server) }
        server = enrolment.server
        trust = .authorities(enrolment.serverCA)
        authorization = Secret("\(Wire.authorizationScheme) \(enrolment.token)")
    }

    func send(method: String, path: String, body: [UInt8]) async throws(Failure) -> (status: Int, body: [UInt8]) {
        var headers = [
            HTTPHeader("Authorization", secret: authorization), HTTPHeader("Accept", "application/json"),
            HTTPHeader("User-Agent", "namesake-agent/\(agentVersion)"),
        ]
        if !body.isEmpty { headers.append(HTTPHeader("Content-Type", "application/json")) }
        var request = HTTPRequest(method, server + path, headers: headers, body: body, trust: trust)
        // A server may hold an answer about a job for up to 30 s.
        request.timeout = .seconds(45)
        request.identity = identity
        do throws(CurlFault) {
            let answer = try await client.send(request)
            return (answer.status, answer.body)
        } catch { throw Self.failure(error, server: server) }
    }

    func close() { client.close() }

    private static func failure(_ fault: CurlFault, server: String) -> Failure {
        switch fault {
        case .notConnected(let why), .peerTooOld(let why), .sharedKeyRefused(let why):
            Failure(
                .serverUnreachable, "no connection to \(server): \(why)",
                hint: "Check the network, and that the server runs.", remedy: .wait)
        case .lost(let why):
            Failure(
                .serverUnreachable, "the connection to \(server) was lost: \(why)",
                hint: "Check the network, and that the server runs.", remedy: .wait)
        case .peerNotTrusted(let why):
            Failure(
                .serverNotTrusted, "\(server) is not the server of the enrolment file (\(why)); nothing was sent to it",
                hint: examineClock(time(nil)).failure.map { "\($0.message). \($0.hint ?? "")" }
                    ?? "Another machine answers at that address, or the server has a new authority: if so, get a new "
                    + "enrolment file from it.")
        case .answerUnreadable(let why):
            Failure(
                .serverAnswerUnreadable, "the answer of \(server) cannot be read: \(why)",
                hint: "Check that the enrolment file names a Namesake server.")
        case .cancelled: Failure(.interrupted, "the request was given up")
        case .unusable(let why):
            Failure(
                .enrolmentUnreadable, "no request can be made to \(server): \(why)",
                hint: "Check the server's address and authority in the enrolment file.")
        }
    }
}
