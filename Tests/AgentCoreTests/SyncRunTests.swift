import AgentCore
import AgentTestKit
import FoundationEssentials
import Synchronization
import Testing
import Vocabulary
import Wire

/// A server that knows one job, sees the echo once it was announced, and ends the job once the true name is back.
private final class JobServer: ServerConnection {
    struct State {
        var paths: [String] = []
        var written = false
        var restored = false
        var proofs: [[UInt8]] = []
    }

    let challenge: BoardChallenge?
    let state = Mutex(State())
    /// Said in place of an answer to the nth request, counted from 1.
    private let trouble: @Sendable (Int) -> Failure?
    private let end: JobProgress.State?

    /// - Parameters:
    ///   - end: How the job ends; `nil` when it never does.
    ///   - challenge: What the board is to sign.
    ///   - trouble: What goes wrong.
    init(
        end: JobProgress.State? = .done, challenge: BoardChallenge? = nil,
        trouble: @escaping @Sendable (Int) -> Failure? = { _ in nil }
    ) {
        self.end = end
        self.challenge = challenge
        self.trouble = trouble
    }

    func send(method: String, path: String, body: [UInt8]) async throws(Failure) -> (status: Int, body: [UInt8]) {
        let (number, state) = state.withLock { state -> (Int, State) in
            state.paths.append(path)
            return (state.paths.count, state)
        }
        if let failure = trouble(number) { throw failure }
        switch path {
        case Wire.reportsPath:
            var directive = follow(HostNameEcho(name: nonce, seen: false))
            directive.board = challenge
            return (200, json(directive))
        case Wire.boardProofPath("7"):
            self.state.withLock { $0.proofs.append(body) }
        case Wire.echoWrittenPath("7"): self.state.withLock { $0.written = true }
        case Wire.echoRestoredPath("7"): self.state.withLock { $0.restored = true }
        default:
            let now = end.flatMap { state.restored || $0 != .done ? $0 : nil } ?? .running
            return (200, json(told(state.written ? now : .running, seen: state.written)))
        }
        return (204, [])
    }

    private func json(_ value: some Encodable) -> [UInt8] {
        do { return Array(try JSONEncoder().encode(value)) } catch { return [] }
    }
}

/// Asks for the start whatever it is told, and is content with the fourth report.
private final class StartingServer: ServerConnection {
    let states = Mutex<[ProvisioningState]>([])

    func send(method: String, path: String, body: [UInt8]) async throws(Failure) -> (status: Int, body: [UInt8]) {
        do {
            let report = try JSONDecoder().decode(Report.self, from: Data(body))
            let count = states.withLock { states in
                states.append(report.provisioningState)
                return states.count
            }
            let directive =
                count < 4
                ? Directive(verdict: .provisioning, message: "", startConfiguration: StartOrder(otp: "canary-otp"))
                : Directive(verdict: .inSync, message: "set up")
            return (200, Array(try JSONEncoder().encode(directive)))
        } catch { throw Failure(.serverFailed, "\(error)") }
    }
}

/// Keeps the names that it is told.
private final class NotedFirmware: FirmwarePort {
    let names = Mutex<[Hostname]>([])
    let state = Mutex(ProvisioningState.post)
    private let onWrite: @Sendable (Hostname) throws(Failure) -> Void

    init(onWrite: @escaping @Sendable (Hostname) throws(Failure) -> Void = { _ throws(Failure) in }) {
        self.onWrite = onWrite
    }

    func write(hostName: Hostname) async throws(Failure) {
        try onWrite(hostName)
        names.withLock { $0.append(hostName) }
    }

    func read() async throws(Failure) -> FirmwareFacts {
        var read = facts(trueName.text)
        read.provisioningState = state.withLock { $0 }
        return read
    }

    /// What is answered to every challenge.
    let proof = Mutex(BoardProof(problem: "no firmware"))
    let nonces = Mutex<[String]>([])

    func prove(nonce: String) async -> BoardProof {
        nonces.withLock { $0.append(nonce) }
        return proof.withLock { $0 }
    }

    func startConfiguration(_ order: StartOrder) async throws(Failure) { state.withLock { $0 = .in } }
}

private struct Notes: SyncDisplay {
    var news: [SyncNews] = []
    mutating func show(_ news: SyncNews) { if news != .tick { self.news.append(news) } }
}

@Suite("A whole sync, without a network")
struct SyncRunTests {
    let folder: TemporaryFolder
    let marker: RestoreMarker
    let pace: SyncPace

    init() throws {
        folder = try TemporaryFolder()
        marker = try RestoreMarker(directory: folder.path, create: false)
        var pace = SyncPace()
        (pace.poll, pace.pause) = (.milliseconds(1), .milliseconds(1))
        self.pace = pace
    }

    private func run(
        _ server: JobServer, _ firmware: NotedFirmware, timeout: Duration = .seconds(60),
        interruptions: AsyncStream<Int32> = AsyncStream { _ in }
    ) async -> (SyncOutcome, [SyncNews]) {
        var (notes, pace) = (Notes(), pace)
        pace.timeout = timeout
        let outcome = await SyncRun(
            connection: server, firmware: firmware, report: report, marker: marker, pace: pace
        ).run(interruptions: interruptions, display: &notes)
        return (outcome, notes.news)
    }

    @Test("has the board sign before the echo is written, tells it whatever it is, and asks no second time")
    func board() async throws {
        let challenge = BoardChallenge(nonce: "AQIDBAUGBwgJCgsMDQ4PEBESExQ=", answered: false)
        // The answer to the proof is lost once: the same one is sent again.
        let server = JobServer(challenge: challenge) { $0 == 2 ? waiting : nil }
        let firmware = NotedFirmware()
        let (outcome, news) = await run(server, firmware)
        #expect(outcome.exitStatus == .match)
        #expect(firmware.nonces.withLock { $0 } == [challenge.nonce])
        let paths = server.state.withLock { $0.paths }
        #expect(
            paths.prefix(4) == [
                Wire.reportsPath, Wire.boardProofPath("7"), Wire.boardProofPath("7"), Wire.jobPath("7"),
            ])
        #expect(news.contains(.provedBoard(problem: "no firmware")))
        let told = try server.state.withLock { $0.proofs }.map {
            try JSONDecoder().decode(BoardProof.self, from: Data($0))
        }
        #expect(told == [BoardProof(problem: "no firmware")])
        let answered = JobServer(challenge: BoardChallenge(nonce: "x", answered: true))
        _ = await run(answered, firmware)
        #expect(firmware.nonces.withLock { $0.count } == 1, "an earlier run has had it signed")
    }

    @Test("writes the name for the server, then the true one, and reads the firmware at the end")
    func story() async {
        let (server, firmware) = (JobServer(), NotedFirmware())
        let (outcome, news) = await run(server, firmware)
        #expect(outcome.exitStatus == .match)
        #expect(firmware.names.withLock { $0 } == [nonce, trueName])
        #expect(!marker.isDue)
        #expect(news.contains(.wroteEcho))
        #expect(news.contains(.restored))
        let paths = server.state.withLock { $0.paths }
        #expect(paths.filter { $0.hasSuffix("echo-written") }.count == 1)
        #expect(paths.filter { $0.hasSuffix("echo-restored") }.count == 1)
    }

    @Test(
        "starts the firmware's configuration once when the server asks for it, and reports again with what is true then"
    )
    func provisioning() async throws {
        let firmware = NotedFirmware()
        firmware.state.withLock { $0 = .pre }
        let server = StartingServer()
        var (notes, pace, report) = (Notes(), pace, report)
        pace.provisioning = .milliseconds(1)
        report.offersStartConfiguration = true
        let outcome = await SyncRun(
            connection: server, firmware: firmware, report: report, marker: marker, pace: pace
        ).run(interruptions: AsyncStream { _ in }, display: &notes)
        #expect(outcome.exitStatus == .match)
        #expect(outcome.word == "in-sync")
        #expect(server.states.withLock { $0 } == [.pre, .in, .in, .in])
        #expect(notes.news == [.started])
    }

    @Test("goes on after any one request that found no server", arguments: 1...5)
    func outage(struck: Int) async {
        let server = JobServer { $0 == struck ? waiting : nil }
        let firmware = NotedFirmware()
        let (outcome, news) = await run(server, firmware)
        #expect(outcome.exitStatus == .match)
        #expect(firmware.names.withLock { $0.last } == trueName)
        #expect(news.contains(.setback(waiting)))
    }

    @Test("ends with the true name when the server refuses any one request", arguments: 1...5)
    func refused(struck: Int) async {
        let server = JobServer { $0 == struck ? refusal : nil }
        let firmware = NotedFirmware()
        let (outcome, _) = await run(server, firmware)
        #expect(outcome.exitStatus == .serverRefused)
        #expect(firmware.names.withLock { $0.last ?? trueName } == trueName)
        #expect(!marker.isDue)
    }

    @Test("ends with the true name when the server is gone for good after any request", arguments: 1...5)
    func gone(struck: Int) async {
        let server = JobServer { $0 >= struck ? waiting : nil }
        let firmware = NotedFirmware()
        let (outcome, _) = await run(server, firmware, timeout: .milliseconds(300))
        #expect(outcome.exitStatus == .serverUnreachable)
        #expect(firmware.names.withLock { $0.last ?? trueName } == trueName)
        #expect(!marker.isDue)
    }

    @Test("that is interrupted while the name for the server is being written, writes the true one after it")
    func interrupted() async {
        let (signals, sender) = AsyncStream.makeStream(of: Int32.self)
        let firmware = NotedFirmware { name throws(Failure) in if name == nonce { sender.yield(15) } }
        let (outcome, _) = await run(JobServer(end: nil), firmware, interruptions: signals)
        #expect(outcome.exitStatus.rawValue == 143)
        #expect(firmware.names.withLock { $0 } == [nonce, trueName])
        #expect(!marker.isDue)
    }

    @Test("keeps a note on the disk from before the name is written until the true one is back")
    func noted() async {
        let marker = marker
        let firmware = NotedFirmware { name throws(Failure) in
            #expect(marker.isDue)
            if name == trueName { throw Failure(.deviceSilent, "silent") }
        }
        let (outcome, _) = await run(JobServer(), firmware)
        #expect(outcome.nameLeftBehind != nil)
        #expect(marker.isDue)

        let next = NotedFirmware()
        let (again, _) = await run(JobServer(end: .failed), next)
        #expect(next.names.withLock { $0.first } == trueName)
        #expect(next.names.withLock { $0.last } == trueName)
        #expect(again.exitStatus == .jobFailed)
        #expect(!marker.isDue)
    }

    @Test("writes nothing when the note cannot be kept")
    func noNote() async throws {
        let firmware = NotedFirmware()
        let lost = try TemporaryFolder()
        let marker = try RestoreMarker(directory: lost.path, create: false)
        try FileManager.default.removeItem(atPath: lost.path)
        var notes = Notes()
        let outcome = await SyncRun(
            connection: JobServer(), firmware: firmware, report: report, marker: marker, pace: pace
        ).run(interruptions: AsyncStream { _ in }, display: &notes)
        #expect(outcome.exitStatus == .configuration)
        #expect(!firmware.names.withLock { $0.contains(nonce) })
    }
}
