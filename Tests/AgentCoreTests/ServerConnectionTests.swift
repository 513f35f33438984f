import AgentCore
import FoundationEssentials
import Synchronization
import Testing
import Vocabulary
import Wire

/// A server that gives one answer and keeps what it was sent.
final class CannedServer: ServerConnection {
    private let status: Int
    private let answer: [UInt8]
    let requests = Mutex<[(method: String, path: String, body: [UInt8])]>([])

    init(status: Int = 200, _ answer: String) {
        self.status = status
        self.answer = Array(answer.utf8)
    }

    func send(method: String, path: String, body: [UInt8]) async throws(Failure) -> (status: Int, body: [UInt8]) {
        requests.withLock { $0.append((method, path, body)) }
        return (status, answer)
    }
}

let report = Report(
    agentVersion: agentVersion, machine: machine("939b524b-13d4-1d18-e487-1c697a6b7a2b"), osName: trueName,
    osNameRule: "--name", firmwareName: "pc1.example.com", provisioningState: .post, controlMode: .admin)

func machine(_ text: String) -> MachineID {
    guard let machine = MachineID(text) else { fatalError("no UUID: \(text)") }
    return machine
}

@Suite("What the server says")
struct ServerConnectionTests {
    @Test("to a report is read as a directive, and the report is sent as the wire's JSON")
    func directive() async throws {
        let server = CannedServer(
            """
            {"verdict":"follow","message":"m","job":"7","echo":{"name":"N.example.com","seen":false},"added":"later"}
            """)
        let directive = try await server.report(report)
        #expect(directive.verdict == .follow)
        #expect(directive.echo?.name.text == "n.example.com")
        let sent = try #require(server.requests.withLock { $0.first })
        #expect(sent.method == "POST")
        #expect(sent.path == "/v1/reports")
        #expect(try JSONDecoder().decode(Report.self, from: Data(sent.body)) == report)
    }

    @Test("about a job is read as its progress")
    func job() async throws {
        let server = CannedServer(
            """
            {"job":"7","kind":"rename","state":"running","steps":[{"name":"a","state":"running"}],"message":"m"}
            """)
        #expect(try await server.progress(of: "7").steps.first?.name == "a")
        #expect(server.requests.withLock { $0.first?.path } == "/v1/jobs/7")
        let failure = await #expect(throws: Failure.self) { try await server.progress(of: "8") }
        #expect(failure?.code == .serverAnswerUnreadable)
    }

    @Test(
        "in refusal is told in its own words, with what to do",
        arguments: [400, 401, 403, 404, 409])
    func refusals(status: Int) async {
        let server = CannedServer(
            status: status, #"{"code":"fleet.token-refused","message":"the token is used up","hint":"make another"}"#)
        let failure = await #expect(throws: Failure.self) { try await server.report(report) }
        #expect(failure?.message == "the server refused: the token is used up [fleet.token-refused]")
        #expect(failure?.hint == "make another")
        #expect(failure.map { ExitStatus($0) } == .serverRefused)
        let mute = await #expect(throws: Failure.self) {
            try await CannedServer(status: status, "<html>no</html>").announce("/v1/jobs/7/echo-written")
        }
        #expect(mute?.hint?.isEmpty == false)
        #expect(mute.map { ExitStatus($0) } == .serverRefused)
    }

    @Test("in passing trouble means another try, in lasting trouble an end", arguments: [429, 502, 503, 504, 500, 501])
    func trouble(status: Int) async {
        let failure = await #expect(throws: Failure.self) {
            try await CannedServer(status: status, "").report(report)
        }
        #expect(failure?.remedy == (status == 500 || status == 501 ? .askOperator : .wait))
        #expect(failure.map { ExitStatus($0) } == (status == 500 || status == 501 ? .unavailable : .serverUnreachable))
    }

    @Test(
        "is refused when it is no answer to what was asked",
        arguments: [
            "", "<html></html>", "{}", "[]", #"{"verdict":"dance","message":""}"#,
            #"{"verdict":"follow","message":"","job":"../../x"}"#, #"{"verdict":"follow","message":"","job":""}"#,
            #"{"verdict":"follow","message":"","job":"7","echo":{"name":"a b","seen":false}}"#,
        ])
    func nonsense(body: String) async {
        let failure = await #expect(throws: Failure.self) { try await CannedServer(body).report(report) }
        #expect(failure.map { ExitStatus($0) } == .badData)
        #expect(failure?.hint?.isEmpty == false)
    }

    @Test("elsewhere is no answer")
    func redirected() async {
        let failure = await #expect(throws: Failure.self) {
            try await CannedServer(status: 302, "").report(report)
        }
        #expect(failure.map { ExitStatus($0) } == .badData)
    }
}
