import AgentTestKit
import FoundationEssentials
import Glibc
import Testing

@Suite("What check and status say beside their verdict", .timeLimit(.minutes(2)))
struct LookingTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func peer(_ change: (inout PlainFirmware) -> Void = { _ in }) throws -> SocketFirmware {
        var firmware = PlainFirmware()
        change(&firmware)
        return try SocketFirmware(in: TemporaryFolder(), firmware: firmware)
    }

    @Test(
        "why two names differ, in plain words, and what will be done",
        arguments: [
            ("pc0.example.com", "the system was renamed after the firmware was set up"),
            ("pc1.old.example.com", "The host name is the same, and the domain is not"),
            ("pc1", "knows only the host name pc1, without the domain example.com"),
            ("", "has no name at all"), ("x.y.z", "another host name and another domain"),
        ])
    func explained(name: String, words: String) async throws {
        let peer = try peer { $0.name = name }
        defer { peer.stop() }
        let ending = try await Agent.run("check", "--explain", "--device", peer.device, "--name", "pc1.example.com")
        #expect(ending.status == 10)
        #expect(ending.output.contains(words), "\(ending.output)")
        #expect(ending.output.contains("as '--name' says"))
        #expect(ending.output.contains("namesake-agent sync"))
    }

    @Test("a name that was cut at 15 characters is told as such")
    func cut() async throws {
        let peer = try peer { $0.name = "workstation-bui.example.com" }
        defer { peer.stop() }
        let ending = try await Agent.run(
            "check", "--explain", "--device", peer.device, "--name", "workstation-building-7.example.com")
        #expect(ending.status == 10)
        #expect(ending.output.contains("first 15 characters"))
    }

    @Test("names with other letters are compared as DNS has them")
    func international() async throws {
        let peer = try peer { $0.name = "xn--bcher-kva.example.com" }
        defer { peer.stop() }
        let ending = try await Agent.run("check", "--device", peer.device, "--name", "Bücher.example.com")
        #expect(ending.status == 0, "\(ending)")
    }

    @Test("status is coloured on a terminal, and not with NO_COLOR, a dumb one, or a pipe")
    func colours() async throws {
        let peer = try peer()
        defer { peer.stop() }
        let command = "\(Agent.path) status --no-dns --device \(peer.device) --name pc1.example.com"
        func output(_ settings: String) async throws -> String {
            try await RunningProgram(
                "/usr/bin/script", ["-qec", "env \(settings) \(command)", "/dev/null"]
            ).ending().output
        }
        #expect(try await output("TERM=xterm NO_COLOR=").contains("\u{1B}[32mmatch\u{1B}[0m"))
        for settings in ["TERM=xterm NO_COLOR=1", "TERM=dumb NO_COLOR="] {
            let text = try await output(settings)
            #expect(text.contains("match"))
            #expect(!text.contains("\u{1B}"))
        }
        let piped = try await Agent.run(
            "status", "--no-dns", "--device", peer.device, "--name", "pc1.example.com")
        #expect(!piped.output.contains("\u{1B}"))
    }

    @Test("DNS is asked both ways by status, and a name that it does not know is no match")
    func dns() async throws {
        let peer = try peer { $0.name = "pc1.invalid" }
        defer { peer.stop() }
        // RFC 6761: there is no such domain, anywhere.
        let ending = try await Agent.run("status", "--json", "--device", peer.device, "--name", "pc1.invalid")
        #expect(ending.status == 0)
        try await Schemas.check(ending.output, "status", in: folder)
        struct Status: Decodable {
            struct Facet: Decodable {
                var facet: String
                var reading: String
                var equalsOS: Bool?
            }
            var facets: [Facet]
        }
        let facets = try JSONDecoder().decode(Status.self, from: Data(ending.output.utf8)).facets
        #expect(facets.map(\.facet) == ["os", "firmware", "host-os-fqdn", "certificate", "dns"])
        #expect(facets[2].reading == "unreadable", "this firmware has no WS-Man")
        #expect(facets.last?.reading == "unreadable")
        #expect(facets.last?.equalsOS == nil)
    }

    @Test("settings that others may write to are refused, with 78, before the device is opened")
    func settings() async throws {
        let peer = try peer()
        defer { peer.stop() }
        let open = try folder.write("open.json", "{}", mode: 0o666)
        for command in ["check", "status", "capture"] {
            let ending = try await Agent.run(command, "--configuration", open, "--device", peer.device)
            #expect(ending.status == 78)
            #expect(ending.complaints.contains("agent.configuration-unusable"))
        }
        #expect(peer.connections == 0)
        let good = try folder.write("good.json", #"{"device":"\#(peer.device)"}"#, mode: 0o644)
        #expect(try await Agent.run("check", "--configuration", good, "--name", "pc1.example.com").status == 0)
    }

    @Test("every one of their answers fits its schema", .enabled(Schemas.note) { await Schemas.canBeChecked })
    func schemas() async throws {
        let firmware: [(inout PlainFirmware) -> Void] = [
            { _ in }, { $0.name = "" }, { $0.provisioningState = 0 }, { $0.refusals[0x0400_0056] = 0x812 },
            { $0.refusals[0x0400_005C] = 2 }, { $0.name = "\u{1B}\"\\" },
        ]
        for change in firmware {
            let peer = try peer(change)
            defer { peer.stop() }
            for command in ["check", "status"] {
                for more in [["--name", "pc1.example.com"], ["--name", "localhost"], ["--explain", "--name", "a.b"]] {
                    let more = (command == "status" ? ["--no-dns"] : []) + more
                    let ending = try await RunningProgram(
                        Agent.path, [command, "--json", "--device", peer.device] + more
                    ).ending()
                    try await Schemas.check(ending.output, command, in: folder)
                }
            }
        }
        for command in ["check", "status"] {
            let absent = try await Agent.run(command, "--json", "--device", folder.path + "/none")
            try await Schemas.check(absent.output, command, in: folder)
            let refused = try await Agent.run(command, "--json", "--configuration", folder.path + "/none")
            try await Schemas.check(refused.output, command, in: folder)
        }
        try await Schemas.check(try await Agent.run("version", "--json").output, "version", in: folder)
    }

    @Test("they run without a capability, and can gain none")
    func privileges() async throws {
        let seen = Locked("")
        let peer = try SocketFirmware(in: folder) { _, _, _ in
            seen.set { old in old.isEmpty ? statusOfChild(named: "namesake-agent") : old }
            return nil
        }
        defer { peer.stop() }
        #expect(try await Agent.run("check", "--device", peer.device, "--name", "pc1.example.com").status == 0)
        let lines = seen.value.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
        #expect(lines.contains(["CapEff:", "0000000000000000"]), "\(seen.value)")
        #expect(lines.contains(["CapPrm:", "0000000000000000"]))
        #expect(lines.contains(["NoNewPrivs:", "1"]))
    }
}
