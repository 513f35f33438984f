import AgentTestKit
import Glibc
import Testing

@Suite(
    "On a system that is not all there", .timeLimit(.minutes(2)),
    .enabled(if: geteuid() == 0, "making such a system needs root"))
struct BareSystemTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs the agent in a mount namespace of its own, after the shell commands.
    private func run(after commands: String, _ arguments: String) async throws -> RunningProgram.Ending {
        try await RunningProgram(
            "/usr/bin/unshare",
            ["-m", "--propagation", "private", "sh", "-c", "\(commands); exec \(Agent.path) \(arguments)"]
        ).ending()
    }

    private var canUnshare: Bool {
        get async throws { try await RunningProgram("/usr/bin/unshare", ["-m", "true"]).ending().status == 0 }
    }

    @Test("without /proc the command is still the one that was given")
    func withoutProc() async throws {
        guard try await canUnshare else { return print("skipped: no mount namespace can be made here") }
        let ending = try await run(after: "mount -t tmpfs tmpfs /proc", "check --device /none --name pc1.example.com")
        #expect(ending.status == 12, "\(ending)")
        #expect(ending.output.contains("no-amt"))
    }

    @Test("without /sys, and without devices, there is no AMT")
    func withoutSys() async throws {
        guard try await canUnshare else { return print("skipped: no mount namespace can be made here") }
        let ending = try await run(
            after: "mount -t tmpfs tmpfs /sys; mount -t tmpfs tmpfs /dev", "check --name pc1.example.com")
        #expect(ending.status == 12, "\(ending)")
        #expect(ending.complaints.contains("mei.no-management-engine"))
    }

    @Test("on a read-only file system sync goes on without its notes, and says so")
    func readOnly() async throws {
        guard try await canUnshare else { return print("skipped: no mount namespace can be made here") }
        let peer = try SocketFirmware(in: folder)
        defer { peer.stop() }
        let server = try await TLSServer(in: folder) { _ in (200, #"{"verdict":"in-sync","message":"equal"}"#) }
        defer { server.stop() }
        let machine = try EnrolledMachine()
        defer { machine.firmware.stop() }
        let enrolment = try machine.enrolment(of: server)
        let ending = try await run(
            after: "mount -t tmpfs -o ro tmpfs /var/lib",
            "sync --device \(peer.device) --name pc1.example.com --enrolment \(enrolment)")
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.complaints.contains("nothing is resumed"))
        #expect(server.requests.count == 1, "already in sync: one request")
    }
}
