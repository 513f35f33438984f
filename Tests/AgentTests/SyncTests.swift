import AgentTestKit
import FoundationEssentials
import Glibc
import Testing
import Vocabulary
import Wire

@Suite("namesake-agent sync", .timeLimit(.minutes(2)))
struct SyncTests {
    let folder: TemporaryFolder
    private let token = "CanaryToken0123456789"

    init() throws { folder = try TemporaryFolder() }

    private func enrol(_ address: String, authority: String, mode: UInt32 = 0o600) throws -> String {
        let enrolment = Enrolment(server: address, serverCA: authority, token: token)
        return try folder.write(
            "enrolment.json", String(decoding: try JSONEncoder().encode(enrolment), as: UTF8.self), mode: mode)
    }

    private func arguments(_ enrolment: String, _ device: String, _ more: [String] = []) -> [String] {
        [
            "sync", "--enrolment", enrolment, "--device", device, "--name", trueName, "--state-directory",
            folder.path + "/state",
        ] + more
    }

    /// Runs `sync` against a server that behaves so, and looks for secrets in all that it prints.
    private func sync(
        _ renaming: RenamingServer, _ more: [String] = []
    ) async throws -> (ending: RunningProgram.Ending, requests: [TLSServer.Request]) {
        let server = try await TLSServer(in: folder) { renaming.answer($0) }
        defer { server.stop() }
        let enrolment = try enrol(server.address, authority: server.authority)
        let ending = try await RunningProgram(Agent.path, arguments(enrolment, renaming.firmware.device, more)).ending()
        #expect(!ending.output.contains("Canary") && !ending.complaints.contains("Canary"), "a secret was printed")
        return (ending, server.requests)
    }

    private var markerIsThere: Bool { access(folder.path + "/state/host-name-restore-due", F_OK) == 0 }

    @Test("proves the machine, follows the job, and says what the firmware says in the end")
    func story() async throws {
        let renaming = try RenamingServer(in: folder)
        defer { renaming.firmware.stop() }
        let (ending, requests) = try await sync(renaming)
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.hasSuffix("match: operating system pc2.example.com, firmware pc2.example.com\n"))
        #expect(ending.output.contains("job 7 step 1 of 2: prove\n"))
        let marker = fileText(folder.path + "/state/machine.json")
        #expect(marker.contains(#""machine":"939b524b-13d4-1d18-e487-1c697a6b7a2b""#))
        #expect(marker.contains(#""job":"7""#))
        // This server knows of no certificates, as one that is older.
        let note = "namesake-agent: note: no certificate of the machine's own: the server refused"
        #expect(ending.complaints.hasPrefix(note))
        #expect(ending.complaints.split(separator: "\n").count == 1, "\(ending.complaints)")
        #expect(renaming.firmware.firmware.hostNames == [nonce, trueName])
        #expect(!markerIsThere)
        let report = try JSONDecoder().decode(Report.self, from: Data(try #require(requests.first).body.utf8))
        #expect(report.machine.text == "939b524b-13d4-1d18-e487-1c697a6b7a2b")
        #expect(report.osName.text == trueName)
        #expect(report.osNameRule == "--name")
        #expect(report.firmwareName == "pc1.example.com")
        for request in requests {
            #expect(request.head.contains("\r\nAuthorization: Bearer \(token)\r\n"))
            #expect((request.head + request.body).split(separator: token, omittingEmptySubsequences: false).count == 2)
        }
    }

    @Test("gives the same as JSON, with its course on standard error")
    func json() async throws {
        let renaming = try RenamingServer(in: folder)
        defer { renaming.firmware.stop() }
        let (ending, _) = try await sync(renaming, ["--json"])
        #expect(ending.status == 0)
        let fields = try Agent.fields(ending.output)
        #expect(fields["result"] == "done")
        #expect(fields["exitStatus"] == "0")
        #expect(fields["firmwareNameBefore"] == "pc1.example.com")
        #expect(fields["firmwareName"] == trueName)
        #expect(fields["job"] == "7")
        #expect(fields["trueNameLeftUnwritten"] == "false")
        #expect(ending.complaints.contains("step 1 of 2"))
    }

    @Test("ends as the job does", arguments: [(JobProgress.State.failed, Int32(31)), (.held, 32)])
    func badEnds(end: JobProgress.State, status: Int32) async throws {
        let renaming = try RenamingServer(in: folder, end: end)
        defer { renaming.firmware.stop() }
        let (ending, _) = try await sync(renaming)
        #expect(ending.status == status)
        #expect(ending.complaints.contains("renaming"))
        #expect(renaming.firmware.firmware.hostNames.last == trueName)
        if end == .failed { #expect(ending.complaints.contains("look at the switch")) }
    }

    @Test(
        "ends with what the server said at once",
        arguments: [
            (200, #"{"verdict":"in-sync","message":"names are equal"}"#, Int32(0)),
            (200, #"{"verdict":"held","message":"two machines have this UUID"}"#, 32),
            (401, #"{"code":"fleet.token-refused","message":"used up","hint":"enrol again"}"#, 30),
            (403, #"{"code":"fleet.name-policy","message":"not in this domain","hint":"ask"}"#, 30),
            (409, #"{"code":"fleet.name-taken","message":"another machine has it","hint":"ask"}"#, 30),
            (404, "", 30), (500, "", 69), (200, "<html>Login</html>", 65), (200, "", 65), (302, "", 65),
        ])
    func atOnce(status: Int, body: String, exit: Int32) async throws {
        let renaming = try RenamingServer(in: folder) { _ in (status, body) }
        defer { renaming.firmware.stop() }
        let (ending, requests) = try await sync(renaming)
        #expect(ending.status == exit, "\(ending)")
        #expect(requests.count == 1)
        #expect(renaming.firmware.firmware.hostNames.isEmpty)
        #expect(ending.complaints.isEmpty == (exit == 0))
    }

    @Test("waits for a server that is not there, as long as it was told to")
    func unreachable() async throws {
        let peer = try SocketFirmware(in: folder)
        defer { peer.stop() }
        let server = try await TLSServer(in: folder) { _ in (200, "") }
        server.stop()
        let enrolment = try enrol("https://127.0.0.1:1", authority: server.authority)
        let ending = try await RunningProgram(
            Agent.path, arguments(enrolment, peer.device, ["--timeout", "0.8"])
        ).ending()
        #expect(ending.status == 33, "\(ending)")
        #expect(ending.complaints.contains("agent.server-unreachable"))
        #expect(ending.output.contains("trying again"))
    }

    @Test("tells nothing to a server that another authority vouches for")
    func wrongAuthority() async throws {
        let renaming = try RenamingServer(in: folder)
        defer { renaming.firmware.stop() }
        let other = try await TLSServer(in: TemporaryFolder()) { _ in (200, "") }
        defer { other.stop() }
        let server = try await TLSServer(in: folder) { renaming.answer($0) }
        defer { server.stop() }
        let enrolment = try enrol(server.address, authority: other.authority)
        let ending = try await RunningProgram(Agent.path, arguments(enrolment, renaming.firmware.device)).ending()
        #expect(ending.status == 69, "\(ending)")
        #expect(ending.complaints.contains("nothing was sent"))
        #expect(server.requests.isEmpty)
        #expect(renaming.firmware.firmware.hostNames.isEmpty)
    }

    @Test("uses no enrolment file that others can read, and none that is missing")
    func openEnrolment() async throws {
        let peer = try SocketFirmware(in: folder)
        defer { peer.stop() }
        let open = try enrol("https://127.0.0.1:1", authority: "x", mode: 0o644)
        for path in [open, folder.path + "/none"] {
            let ending = try await RunningProgram(Agent.path, arguments(path, peer.device)).ending()
            #expect(ending.status == 78)
            #expect(ending.complaints.contains("agent.enrolment-unreadable"))
        }
        #expect(peer.connections == 0)
    }

    @Test("asks no server about a machine without AMT")
    func absent() async throws {
        let enrolment = try enrol("https://127.0.0.1:1", authority: "-----BEGIN CERTIFICATE-----")
        let ending = try await RunningProgram(Agent.path, arguments(enrolment, folder.path + "/none")).ending()
        #expect(ending.status == 12)
    }

    @Test("that is ended by a signal in the middle writes the true name first", arguments: [SIGTERM, SIGINT, SIGHUP])
    func signalled(number: Int32) async throws {
        let (written, inbox) = AsyncStream.makeStream(of: Void.self)
        let renaming = try RenamingServer(in: folder, end: nil) { request in
            if request.path == Wire.echoWrittenPath("7") { inbox.yield() }
            // The job never sees the proof, so that the name for the server stays until the end.
            return request.path == Wire.echoWrittenPath("7") ? (204, "") : nil
        }
        defer { renaming.firmware.stop() }
        let server = try await TLSServer(in: folder) { renaming.answer($0) }
        defer { server.stop() }
        let enrolment = try enrol(server.address, authority: server.authority)
        let program = try RunningProgram(Agent.path, arguments(enrolment, renaming.firmware.device))
        for await _ in written { break }
        #expect(renaming.firmware.firmware.hostNames == [nonce])
        #expect(markerIsThere)
        program.signal(number)
        let ending = try await program.ending()
        #expect(ending.status == 128 + number)
        #expect(renaming.firmware.firmware.hostNames == [nonce, trueName])
        #expect(!markerIsThere)
        #expect(ending.complaints.contains("goes on at the server"))
    }

    @Test("that loses its server in the middle writes the true name before it ends")
    func lostServer() async throws {
        let (written, inbox) = AsyncStream.makeStream(of: Void.self)
        let renaming = try RenamingServer(in: folder, end: nil) { request in
            if request.path == Wire.echoWrittenPath("7") { inbox.yield() }
            return request.path == Wire.echoWrittenPath("7") ? (204, "") : nil
        }
        defer { renaming.firmware.stop() }
        let server = try await TLSServer(in: folder) { renaming.answer($0) }
        let enrolment = try enrol(server.address, authority: server.authority)
        let program = try RunningProgram(
            Agent.path, arguments(enrolment, renaming.firmware.device, ["--timeout", "12"]))
        for await _ in written { break }
        server.stop()
        let ending = try await program.ending()
        #expect(ending.status == 33, "\(ending)")
        #expect(renaming.firmware.firmware.hostNames == [nonce, trueName])
        #expect(!markerIsThere)
    }

    @Test("after one that was killed in the middle writes the true name before anything else")
    func killed() async throws {
        let (written, inbox) = AsyncStream.makeStream(of: Void.self)
        let renaming = try RenamingServer(in: folder, end: nil) { request in
            if request.path == Wire.echoWrittenPath("7") { inbox.yield() }
            return request.path == Wire.echoWrittenPath("7") ? (204, "") : nil
        }
        defer { renaming.firmware.stop() }
        let server = try await TLSServer(in: folder) { renaming.answer($0) }
        let enrolment = try enrol(server.address, authority: server.authority)
        let program = try RunningProgram(Agent.path, arguments(enrolment, renaming.firmware.device))
        for await _ in written { break }
        program.signal(SIGKILL)
        #expect(try await program.ending().status == 137)
        #expect(renaming.firmware.firmware.hostNames == [nonce])
        #expect(markerIsThere)
        server.stop()

        let next = try await RunningProgram(
            Agent.path, arguments(enrolment, renaming.firmware.device, ["--timeout", "0.8"])
        ).ending()
        #expect(next.status == 33)
        #expect(renaming.firmware.firmware.hostNames == [nonce, trueName])
        #expect(!markerIsThere)
    }
}
