import AgentTestKit
import Glibc
import Testing

@Suite("namesake-agent check and status", .timeLimit(.minutes(2)))
struct CheckTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func check(_ peer: SocketFirmware, _ more: String = "--json") async throws -> RunningProgram.Ending {
        try await Agent.run(
            "check", "--device", peer.device, "--name", "pc1.example.com", "--device-timeout", "0.4", more)
    }

    @Test("opens the device once and asks three questions")
    func frugal() async throws {
        let peer = try SocketFirmware(in: folder)
        defer { peer.stop() }
        let ending = try await Agent.run("check", "--device", peer.device, "--name", "PC1.example.com")
        #expect(ending.status == 0)
        #expect(ending.output == "match: operating system and firmware are pc1.example.com\n")
        #expect(ending.complaints.isEmpty)
        #expect(peer.connections == 1)
        #expect(peer.firmware.operations == [0x0400_0011, 0x0400_006B, 0x0400_0056])
    }

    @Test("end with the status of what they found")
    func statuses() async throws {
        let cases: [(String, Int32, @Sendable (inout PlainFirmware) -> Void)] = [
            ("match", 0, { _ in }),
            ("mismatch", 10, { $0.name = "pc0.example.com" }),
            ("mismatch", 10, { $0.name = "" }),
            ("unprovisioned", 11, { ($0.provisioningState, $0.controlMode) = (0, 0) }),
            ("in-progress", 11, { $0.provisioningState = 1 }),
            ("unreadable", 13, { $0.refusals[0x0400_0056] = 0x812 }),
            ("unreadable", 13, { $0.refusals[0x0400_0011] = 2 }),
            ("unreadable", 13, { $0.provisioningState = 9 }),
            ("match", 0, { ($0.name, $0.sharesName) = ("amt.example.com", false) }),
        ]
        for (verdict, status, change) in cases {
            var firmware = PlainFirmware()
            change(&firmware)
            let peer = try SocketFirmware(in: TemporaryFolder(), firmware: firmware)
            defer { peer.stop() }
            let ending = try await check(peer)
            #expect(ending.status == status, "\(ending.output)")
            let fields = try Agent.fields(ending.output)
            #expect(fields["verdict"] == verdict)
            #expect(fields["exitStatus"] == "\(status)")
            #expect(ending.complaints.isEmpty == (status < 12))
            #expect(ending.complaints.split(separator: "\n").count != 1, "what happened, and what to do")
        }
    }

    @Test("tell a person everything, and end with 0 whatever it says")
    func status() async throws {
        var firmware = PlainFirmware()
        firmware.name = "pc0.example.com"
        let peer = try SocketFirmware(in: folder, firmware: firmware)
        defer { peer.stop() }
        let ending = try await Agent.run(
            "status", "--no-dns", "--no-local", "--device", peer.device, "--name", "pc1.example.com")
        #expect(ending.status == 0)
        #expect(
            ending.output == """
                operating system    pc1.example.com
                  found by          --name
                firmware            pc0.example.com
                  shares the name   yes
                provisioning state  post
                control mode        admin
                AMT version         12.0.67.1579
                UUID                939b524b-13d4-1d18-e487-1c697a6b7a2b
                device              \(peer.device)
                verdict             mismatch

                """)
        #expect(peer.connections == 1)
        let json = try await Agent.run(
            "status", "--no-dns", "--no-local", "--json", "--device", peer.device, "--name", "pc1.example.com")
        let fields = try Agent.fields(json.output)
        #expect(fields["uuid"] == "939b524b-13d4-1d18-e487-1c697a6b7a2b")
        #expect(fields["amtVersion"] == "12.0.67.1579")
        #expect(fields["sharedFQDN"] == "true")
    }

    @Test("say that there is no AMT, and end with 12", arguments: ["check", "status"])
    func absent(command: String) async throws {
        let missing = try await Agent.run(command, "--device", folder.path + "/none")
        #expect(missing.status == 12)
        #expect(missing.output.contains("no-amt"))
        #expect(missing.complaints.contains("mei.no-management-engine"))
        let other = try await Agent.run(command, "--device", "/dev/null")
        #expect(other.status == 12)
        #expect(other.complaints.contains("mei.no-host-interface"))
        let peer = try SocketFirmware(in: folder) { _, _, _ in .message([]) }
        defer { peer.stop() }
        let disabled = try await Agent.run(command, "--device", peer.device)
        #expect(disabled.status == 12)
        #expect(disabled.complaints.contains("mei.amt-disabled"))
    }

    @Test("wait for a busy device, once and not for ever")
    func busy() async throws {
        let peer = try SocketFirmware(in: folder, connecting: [EBUSY])
        defer { peer.stop() }
        let patient = try await Agent.run(
            "check", "--device", peer.device, "--name", "pc1.example.com", "--device-timeout", "10")
        #expect(patient.status == 0)
        #expect(peer.connections == 2)
        let held = try SocketFirmware(in: TemporaryFolder(), connecting: Array(repeating: EBUSY, count: 20))
        defer { held.stop() }
        let ending = try await check(held)
        #expect(ending.status == 13)
        #expect(ending.complaints.contains("mei.busy"))
    }

    @Test("go on when the device vanishes once")
    func vanished() async throws {
        let peer = try SocketFirmware(in: folder) { number, _, _ in number == 2 ? .hangUp : nil }
        defer { peer.stop() }
        #expect(try await check(peer).status == 0)
        #expect(peer.connections == 2)
    }

    @Test("take no answer for another")
    func wrongAnswers() async throws {
        let wrong: [(String, SocketFirmware.Script)] = [
            ("mei.vanished", { _, _, _ in .hangUp }),
            ("mei.silent", { _, _, _ in .silence }),
            (
                "mei.answer-unreadable",
                { _, request, firmware in
                    var answer = firmware.answer(request)
                    answer[4] ^= 1
                    return .message(answer)
                }
            ),
            ("mei.answer-unreadable", { _, request, firmware in .message(firmware.answer(request) + [0]) }),
            ("mei.answer-unreadable", { _, request, firmware in .message(firmware.answer(request).dropLast()) }),
            ("mei.answer-unreadable", { _, request, firmware in .message(Array(firmware.answer(request).prefix(7))) }),
            ("mei.answer-unreadable", { _, request, _ in .message(request) }),
        ]
        for (code, script) in wrong {
            let peer = try SocketFirmware(in: TemporaryFolder(), script: script)
            defer { peer.stop() }
            let ending = try await check(peer)
            #expect(ending.status == 13)
            #expect(ending.complaints.contains(code), "\(ending.complaints)")
        }
    }

    @Test("say what to do when this user may not open the device")
    func forbidden() async throws {
        let peer = try SocketFirmware(in: folder)
        defer { peer.stop() }
        #expect(chmod(peer.path, 0) == 0)
        let arguments = ["check", "--device", peer.device, "--name", "pc1.example.com"]
        // Nothing is forbidden to root.
        let ending =
            geteuid() == 0
            ? try await RunningProgram(
                "/usr/bin/setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", Agent.path] + arguments
            ).ending()
            : try await RunningProgram(Agent.path, arguments).ending()
        #expect(ending.status == 13)
        #expect(ending.complaints.contains("mei.forbidden"))
        #expect(ending.complaints.contains("group 'mei'"))
    }

    @Test("take wrong usage for what it is")
    func usage() async throws {
        for arguments in [
            [], ["check", "--bogus"], ["bogus"], ["check", "--device"], ["check", "--device", ""], ["status", "extra"],
            ["check", "--device-timeout", "0"], ["check", "--device-timeout", "x"], ["sync", "--bogus"],
            ["sync", "--timeout", "-1"], ["sync", "--device", "unix:"],
        ] {
            let ending = try await RunningProgram(Agent.path, arguments).ending()
            #expect(ending.status == 64, "\(arguments)")
            #expect(ending.output.isEmpty)
            #expect(!ending.complaints.isEmpty)
        }
        let peer = try SocketFirmware(in: folder)
        defer { peer.stop() }
        let ending = try await Agent.run("check", "--device", peer.device, "--name", "localhost")
        #expect(ending.status == 64)
        #expect(ending.complaints.contains("names.invalid"))
    }

    @Test("name their version")
    func version() async throws {
        let text = try await Agent.run("version")
        #expect(text.status == 0)
        let json = try await Agent.run("version", "--json")
        let version = try #require(try Agent.fields(json.output)["agentVersion"])
        #expect(text.output == "namesake-agent \(version)\n")
    }
}
