import AgentTestKit
import FoundationEssentials
import Glibc
import Testing
import Vocabulary

@Suite("namesake-agent capture", .timeLimit(.minutes(2)))
struct CaptureTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Recording: Decodable {
        struct Exchange: Decodable {
            var command: String
            var request: String
            var answer: String?
            var fault: String?
        }
        var exchanges: [Exchange]
    }

    @Test("records every question, and nothing by which the machine could be known or entered")
    func redacted() async throws {
        var firmware = PlainFirmware()
        (firmware.name, firmware.suffix) = ("secret-pc.corp.example.com", "corp.example.com")
        let peer = try SocketFirmware(in: folder, firmware: firmware)
        defer { peer.stop() }
        let ending = try await Agent.run("capture", "--host-interface-only", "--device", peer.device)
        #expect(ending.status == 0, "\(ending)")
        try await Schemas.check(ending.output, "recording", in: folder)
        let recording = try JSONDecoder().decode(Recording.self, from: Data(ending.output.utf8))
        #expect(recording.exchanges.count == 8)
        #expect(recording.exchanges.allSatisfy { $0.fault == nil })
        let all = recording.exchanges.compactMap { $0.answer.flatMap { bytes(hexadecimal: $0) } }.flatMap { $0 }
        let text = String(decoding: all, as: UTF8.self)
        for word in ["secret", "corp", "Canary"] { #expect(!text.contains(word)) }
        for secret in [firmware.uuid, Array(firmware.mac.suffix(3)), [20, 10, 168, 192]] {
            #expect(!all.hexadecimal.contains(secret.hexadecimal))
        }
        #expect(text.contains("xxxxxx-xx.xxxx.xxxxxxx.xxx"))
        #expect(text.contains("$$OsAdmin"))
        #expect(peer.connections == 1)
        #expect(peer.firmware.hostNames.isEmpty)
    }

    @Test("keeps what a strange firmware answers to its header, and goes on to the next question")
    func strange() async throws {
        let peer = try SocketFirmware(in: folder) { number, request, firmware in
            number == 3 ? .message(Array(firmware.answer(request).prefix(30)) + Array("CanaryName".utf8)) : nil
        }
        defer { peer.stop() }
        let ending = try await Agent.run("capture", "--host-interface-only", "--device", peer.device)
        let recording = try JSONDecoder().decode(Recording.self, from: Data(ending.output.utf8))
        #expect(recording.exchanges.count == 8)
        #expect(recording.exchanges[2].fault?.isEmpty == false)
        #expect(recording.exchanges[3].fault == nil)
        let shown = recording.exchanges[2].answer.flatMap { bytes(hexadecimal: $0) } ?? []
        #expect(!String(decoding: shown, as: UTF8.self).contains("Canary"))
    }

    @Test("makes a recording that replays: the same commands find the same, but for what was blotted out")
    func replayed() async throws {
        let peer = try SocketFirmware(in: TemporaryFolder())
        defer { peer.stop() }
        let file = folder.path + "/recording.json"
        let made = try await Agent.run(
            "capture", "--host-interface-only", "--output", file, "--json", "--device", peer.device)
        #expect(made.status == 0, "\(made)")
        try await Schemas.check(made.output, "capture", in: folder)
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let recording = try JSONDecoder().decode(Recording.self, from: Data(fileText(file).utf8))
        let answers = Dictionary(uniqueKeysWithValues: recording.exchanges.map { ($0.request, $0.answer ?? "") })
        let replay = try SocketFirmware(in: folder) { _, request, _ in
            answers[request.hexadecimal].flatMap { bytes(hexadecimal: $0) }.map { .message($0) } ?? .silence
        }
        defer { replay.stop() }
        let ending = try await Agent.run(
            "status", "--no-dns", "--no-local", "--json", "--device", replay.device, "--name", "pc1.example.com")
        let fields = try Agent.fields(ending.output)
        #expect(fields["firmwareName"] == "xxx.xxxxxxx.xxx")
        #expect(fields["amtVersion"] == "12.0.67.1579")
        #expect(fields["verdict"] == "mismatch")
        #expect(fields["uuid"] == "04030201-0605-4007-090a-0b0c0d0e0f10")
        let again = try await Agent.run("capture", "--host-interface-only", "--output", file, "--device", peer.device)
        #expect(again.status == 77)
        #expect(again.complaints.contains("agent.recording-unwritable"))
    }
}

@Suite(
    "namesake-agent capture, on the simulator's device node", .timeLimit(.minutes(2)),
    .enabled(if: access("/dev/fuse", F_OK) == 0, "there is no /dev/fuse, so no device node can be made here"))
struct CaptureOnNodeTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Recording: Decodable {
        struct Management: Decodable {
            struct Exchange: Decodable {
                var operation: String
                var request: String
                var answer: String?
            }
            var way: String?
            var certificates: Int
            var onDie: Bool
            var fault: String?
            var exchanges: [Exchange]
        }
        var management: Management?
    }

    @Test(
        "records the firmware's own WS-Man too, without names, and that replays", arguments: [("12.0", 0), ("19", 4)])
    func management(personality: String, certificates: Int) async throws {
        var recorded: Recording.Management?
        try await withMachine(personality) { machine in
            try await machine.control(#"{"do":"setHostOSFQDN","value":"secret.corp.example.test"}"#)
            let ending = try await machine.agent("capture", "--lms-port", "1", "--lms-tls-port", "1")
            #expect(ending.status == 0, "\(ending)")
            try await Schemas.check(ending.output, "recording", in: folder)
            for word in ["secret", "corp.example", "pc1", "939b524b"] { #expect(!ending.output.contains(word)) }
            #expect(try !machine.requests.contains { $0.contains("Put") }, "it only asks")
            recorded = try JSONDecoder().decode(Recording.self, from: Data(ending.output.utf8)).management
        }
        let management = try #require(recorded)
        #expect(management.fault == nil)
        #expect(management.certificates == certificates && management.onDie == (certificates > 0))
        #expect(management.exchanges.map(\.operation).first == "AMT_GeneralSettings.Get")
        #expect(management.exchanges.count == 5)
        let answers = management.exchanges.map { (messageNumber($0.request), Array(($0.answer ?? "").utf8)) }
        let firmware = PortForwardingFirmware(ports: [16992, 623]) { request in
            answers.first { $0.0 == messageNumber(request) }?.1 ?? []
        }
        let device = try firmware.mount(in: TemporaryFolder())
        defer { firmware.unmount() }
        let ending = try await Agent.run(
            "local", "--device", device, "--lms-port", "1", "--lms-tls-port", "1", "--json")
        #expect(ending.status == 0, "\(ending)")
        #expect(try Agent.fields(ending.output)["hostOSFQDN"] == "xxxxxx.xxxx.xxxxxxx.xxxx")
    }

    @Test("what was recorded is read again through Intel's service by TLS, where that listens")
    func throughService() async throws {
        try await withMachine { machine in
            let captured = try await machine.agent("capture", "--lms-port", "1", "--lms-tls-port", "1")
            let recording = try JSONDecoder().decode(Recording.self, from: Data(captured.output.utf8))
            let exchanges = try #require(recording.management).exchanges
            let answers = exchanges.map { (messageNumber($0.request), $0.answer ?? "") }
            let service = try await TLSServer(in: folder) { request in
                (200, answers.first { $0.0 == messageNumber(request.body) }?.1 ?? "")
            }
            defer { service.stop() }
            let host = service.address.dropFirst("https://".count).prefix { $0 != ":" }
            let relay = try Relay(to: String(host), 8443)
            let key = try await RunningProgram(
                "/bin/sh",
                [
                    "-c",
                    "openssl x509 -in \(folder.path)/certificate.pem -noout -pubkey | openssl pkey -pubin -outform der | sha256sum",
                ]
            ).ending()
            let pin = String(key.output.prefix(64))
            let ports = ["--lms-port", "1", "--lms-tls-port", "\(relay.port)"]
            func local(_ more: [String]) async throws -> RunningProgram.Ending {
                try await RunningProgram(
                    Agent.path, ["local", "--json", "--device", machine.device] + ports + more
                ).ending()
            }
            let read = try await local(["--pin", pin])
            #expect(read.status == 0, "\(read)")
            let fields = try Agent.fields(read.output)
            #expect(fields["way"] == "lms" && fields["believedBy"] == "pin" && fields["hostName"] == "xxx")
            #expect(service.requests.count == exchanges.count)
            let refused = try await local([])
            #expect(refused.status == 13 && refused.complaints.contains(pin), "\(refused)")
            // An authority that is believed vouches for it, and for another machine.
            let another = try await local(["--authorities", folder.path + "/certificate.pem"])
            #expect(another.status == 13, "\(another)")
            #expect(another.complaints.contains("it is for test, not for pc1.corp.example.test"))
            #expect(service.requests.count == exchanges.count, "nothing was asked")
        }
    }
}

/// What tells the requests of a session apart.
private func messageNumber(_ request: String) -> String? {
    request.firstMatch(of: /<a:MessageID>([^<]+)</).map { String($0.output.1) }
}
