import AgentTestKit
import FoundationEssentials
import Glibc
import Testing
import Vocabulary
import Wire

@Suite("An unfinished sync", .timeLimit(.minutes(2)))
struct ResumeTests {
    let machine: EnrolledMachine
    private let request = "sync-request.json"

    init() throws { machine = try EnrolledMachine() }

    /// A server that is gone, whose enrolment the machine has.
    private func lostServer() async throws {
        let server = try await TLSServer(in: TemporaryFolder()) { _ in (200, "") }
        server.stop()
        _ = try machine.enrolment(of: server, address: "https://127.0.0.1:1")
    }

    @Test("is kept, for nobody else to read, when the server cannot be reached, and --resume brings it to its end")
    func story() async throws {
        defer { machine.firmware.stop() }
        try await lostServer()
        let first = try await machine.sync("--name", "pc2.example.com", "--timeout", "0.3")
        #expect(first.status == 33, "\(first)")
        #expect(first.complaints.contains("namesake-agent sync --resume"))
        var status = stat()
        #expect(stat("\(machine.state)/\(request)", &status) == 0 && status.st_mode & 0o777 == 0o600)
        let stored = fileText("\(machine.state)/\(request)")
        #expect(stored.contains("pc2.example.com"))
        #expect(!stored.contains("Canary"))

        let still = try await machine.sync("--resume", "--timeout", "0.3")
        #expect(still.status == 33)
        #expect(machine.isThere(request))

        let server = try await TLSServer(in: machine.folder) { _ in
            answer(Directive(verdict: .inSync, message: "names are equal"))
        }
        defer { server.stop() }
        _ = try machine.enrolment(of: server)
        let resumed = try await machine.sync("--resume", "--json")
        #expect(resumed.status == 0, "\(resumed)")
        try await Schemas.check(resumed.output, "sync", in: machine.folder)
        let report = try JSONDecoder().decode(Report.self, from: Data(try #require(server.requests.first).body.utf8))
        #expect(report.osName.text == "pc2.example.com")
        #expect(report.osNameRule == "--name")
        #expect(!machine.isThere(request))
    }

    @Test("is not there: --resume has nothing to do, asks nobody and is content")
    func nothing() async throws {
        defer { machine.firmware.stop() }
        let ending = try await machine.sync("--resume", "--json")
        #expect(ending.status == 0, "\(ending)")
        #expect(try Agent.fields(ending.output)["result"] == "nothing-to-resume")
        try await Schemas.check(ending.output, "sync", in: machine.folder)
        #expect(machine.firmware.connections == 0)
    }

    @Test("is forgotten once the server has said yes or no", arguments: [(401, Int32(30)), (409, 30), (500, 69)])
    func definite(status: Int, exit: Int32) async throws {
        defer { machine.firmware.stop() }
        let server = try await TLSServer(in: machine.folder) { _ in (status, "") }
        defer { server.stop() }
        _ = try machine.enrolment(of: server)
        #expect(try await machine.sync("--name", "pc2.example.com").status == exit)
        #expect(!machine.isThere(request))
    }

    @Test("of another machine, as in an image of its disk, is removed and not asked")
    func foreign() async throws {
        defer { machine.firmware.stop() }
        try await lostServer()
        _ = try await machine.sync("--name", "pc2.example.com", "--timeout", "0.3")
        machine.firmware.change { $0.uuid[0] ^= 0xFF }
        let ending = try await machine.sync("--resume")
        #expect(ending.status == 0)
        #expect(ending.output.contains("another machine's"))
        #expect(!machine.isThere(request))
    }

    @Test(
        "that others could have written, or that is damaged, is refused",
        arguments: [(0o666, "{}"), (0o600, "{}"), (0o600, "")])
    func doubtful(mode: Int, text: String) async throws {
        defer { machine.firmware.stop() }
        try await lostServer()
        #expect(mkdir(machine.state, 0o700) == 0)
        try machine.folder.write("state/\(request)", text, mode: UInt32(mode))
        let ending = try await machine.sync("--resume")
        #expect(ending.status == 78)
        #expect(ending.complaints.contains("agent.state-directory-unusable"))
        #expect(machine.firmware.connections == 0)
    }

    @Test("whose machine lost power in the middle is resumed: the true name first, then the same job")
    func powerCut() async throws {
        let (written, inbox) = AsyncStream.makeStream(of: Void.self)
        let renaming = try RenamingServer(in: TemporaryFolder(), end: nil) { request in
            if request.path == Wire.echoWrittenPath("7") { inbox.yield() }
            return request.path == Wire.echoWrittenPath("7") ? (204, "") : nil
        }
        defer { renaming.firmware.stop() }
        let server = try await TLSServer(in: machine.folder) { renaming.answer($0) }
        let enrolment = try machine.enrolment(of: server)
        let program = try RunningProgram(
            Agent.path,
            [
                "sync", "--enrolment", enrolment, "--device", renaming.firmware.device, "--name", trueName,
                "--state-directory", machine.state,
            ])
        for await _ in written { break }
        program.signal(SIGKILL)
        #expect(try await program.ending().status == 137)
        server.stop()
        #expect(renaming.firmware.firmware.hostNames == [nonce])
        #expect(machine.isThere(request) && machine.isThere("host-name-restore-due"))

        let next = try RenamingServer(in: TemporaryFolder())
        defer { next.firmware.stop() }
        next.firmware.change { $0.uuid = PlainFirmware().uuid }
        let again = try await TLSServer(in: machine.folder) { next.answer($0) }
        defer { again.stop() }
        _ = try machine.enrolment(of: again)
        let ending = try await RunningProgram(
            Agent.path,
            ["sync", "--resume", "--state-directory", machine.state, "--device", next.firmware.device]
        ).ending()
        #expect(ending.status == 0, "\(ending)")
        #expect(next.firmware.firmware.hostNames == [trueName, nonce, trueName])
        #expect(!machine.isThere(request) && !machine.isThere("host-name-restore-due"))
    }
}
