import AgentTestKit
import Foundation
import Glibc
import TestKit
import Testing
import Vocabulary
import Wire

@Suite(
    "Every exit status, on the simulator's device node", .timeLimit(.minutes(3)),
    .enabled(if: access("/dev/fuse", F_OK) == 0, "there is no /dev/fuse, so no device node can be made here"))
struct ExitStatusTests {
    let folder: TemporaryFolder
    private static let otherName = "pc2.corp.example.test"

    init() throws { folder = try TemporaryFolder() }

    private func expect(
        _ status: Int32, _ code: String? = nil, of ending: RunningProgram.Ending,
        _ place: SourceLocation = #_sourceLocation
    ) {
        #expect(ending.status == status, "\(ending)", sourceLocation: place)
        if let code { #expect(ending.complaints.contains("[\(code)]"), "\(ending)", sourceLocation: place) }
    }

    @Test("of looking: 0, 10, 11, 12, 13, 64, 78")
    func looking() async throws {
        try await withMachine("18") { machine in
            expect(0, of: try await machine.agent("check", "--name", SimulatedMachine.name))
            expect(10, of: try await machine.agent("check", "--name", Self.otherName))
            expect(0, of: try await machine.agent("status", "--no-dns", "--name", Self.otherName))
            expect(
                78,
                of: try await machine.agent("doctor", "--name", Self.otherName, "--enrolment", folder.path + "/none"))
            expect(0, of: try await machine.agent("capture"))
            expect(0, of: try await machine.agent("local"))
            expect(64, "names.invalid", of: try await machine.agent("check", "--name", "pc1"))
            expect(64, of: try await machine.agent("check", "--no-such-option"))
            let open = try folder.write("agent.json", "{}", mode: 0o666)
            expect(
                78, "agent.configuration-unusable", of: try await machine.agent("check", "--configuration", open))
            expect(78, "names.os-name-unknown", of: try await machine.agent("check", "--name-rules", "realm"))
            expect(77, "agent.recording-unwritable", of: try await machine.agent("capture", "--output", open))

            try await machine.control(#"{"do":"meiBusy","times":99}"#)
            for command in ["check", "status", "local", "capture"] {
                expect(13, "mei.busy", of: try await machine.agent(command, "--device-timeout", "0.4"))
            }
            try await machine.control(#"{"do":"meiBusy","times":0}"#)
            try await machine.control(#"{"do":"amtDisabled"}"#)
            for command in ["check", "status", "local", "capture"] {
                expect(12, "mei.amt-disabled", of: try await machine.agent(command))
            }
        }
        try await withMachine(isSetUp: false) { machine in
            expect(11, of: try await machine.agent("check"))
            expect(0, of: try await machine.agent("status", "--no-dns", "--name", Self.otherName))
            try await machine.control(#"{"do":"amtDisabled"}"#)
            // Before AMT 16.1 nothing tells a switched off AMT from one that is not there.
            expect(12, "mei.no-host-interface", of: try await machine.agent("check"))
        }
    }

    /// Runs sync against a server that says this.
    private func sync(
        _ machine: SimulatedMachine, more: [String] = [], authority: String? = nil, address: String? = nil,
        _ answering: @escaping TLSServer.Answering
    ) async throws -> RunningProgram.Ending {
        let place = try TemporaryFolder()
        let server = try await TLSServer(in: place, answering: answering)
        defer { server.stop() }
        let enrolment = Enrolment(
            server: address ?? server.address, serverCA: authority ?? server.authority, token: "CanaryToken0123456789")
        let file = try place.write("enrolment.json", String(decoding: JSONEncoder().encode(enrolment), as: UTF8.self))
        let ending = try await RunningProgram(
            Agent.path,
            [
                "sync", "--device", machine.device, "--name", Self.otherName, "--enrolment", file, "--state-directory",
                folder.path + "/state",
            ] + more
        ).ending()
        #expect(!ending.output.contains("Canary") && !ending.complaints.contains("Canary"), "a secret was printed")
        return ending
    }

    @Test("of sync: 0, 10, 30, 31, 32, 33, 64, 65, 69, 70, 78")
    func syncing() async throws {
        try await withMachine { machine in
            func said(_ directive: Directive) -> TLSServer.Answering { { _ in answer(directive) } }
            func job(_ state: JobProgress.State) -> TLSServer.Answering {
                { request in
                    if request.path == Wire.reportsPath {
                        return answer(Directive(verdict: .follow, message: "a rename", job: "7"))
                    }
                    if request.path == Wire.certificatesPath { return (404, "") }
                    let progress = JobProgress(
                        job: "7", kind: "rename", state: state, steps: [], echo: nil, message: "so it is", hint: nil)
                    guard let data = try? JSONEncoder().encode(progress) else { return (500, "") }
                    return (200, String(decoding: data, as: UTF8.self))
                }
            }
            expect(0, of: try await sync(machine, said(Directive(verdict: .inSync, message: "equal"))))
            expect(10, of: try await sync(machine, more: ["--dry-run"]) { _ in (500, "") })
            expect(30, "agent.server-refused", of: try await sync(machine) { _ in (403, "") })
            expect(31, "agent.job-failed", of: try await sync(machine, job(.failed)))
            // Done, says the server, and the firmware's name is another still.
            expect(31, "provisioning.proof-failed", of: try await sync(machine, job(.done)))
            expect(32, "agent.job-held", of: try await sync(machine, job(.held)))
            expect(
                33, "agent.server-unreachable",
                of: try await sync(machine, more: ["--timeout", "0.4"], address: "https://127.0.0.1:1") { _ in (200, "")
                })
            expect(64, of: try await sync(machine, more: ["--timeout", "-1"]) { _ in (200, "") })
            expect(65, "agent.server-answer-unreadable", of: try await sync(machine) { _ in (200, "<html>") })
            expect(69, "agent.server-failed", of: try await sync(machine) { _ in (500, "") })
            let other = try await TLSServer(in: TemporaryFolder()) { _ in (200, "") }
            other.stop()
            expect(
                69, "agent.server-not-trusted",
                of: try await sync(machine, authority: other.authority) { _ in (200, "") })
            let file = try folder.write("file", "")
            expect(
                78, "agent.state-directory-unusable",
                of: try await sync(machine, more: ["--state-directory", file]) { _ in (200, "") })
            try folder.write("state/machine.pem", "no key", mode: 0o600)
            expect(70, of: try await sync(machine) { _ in (200, "") })
        }
    }

    @Test("of a signal: 129, 130, 143, after the true name was written", arguments: [SIGHUP, SIGINT, SIGTERM])
    func signals(number: Int32) async throws {
        try await withMachine { machine in
            let (written, inbox) = AsyncStream.makeStream(of: Void.self)
            guard let name = try? Hostname("nonce.corp.example.test") else { return }
            let server = try await TLSServer(in: folder) { request in
                if request.path == Wire.reportsPath {
                    return answer(
                        Directive(
                            verdict: .follow, message: "a rename", job: "7", echo: HostNameEcho(name: name, seen: false)
                        ))
                }
                if request.path == Wire.echoWrittenPath("7") {
                    inbox.yield()
                    return (204, "")
                }
                let progress = JobProgress(
                    job: "7", kind: "rename", state: .running, steps: [], echo: HostNameEcho(name: name, seen: false),
                    message: "waiting", hint: nil)
                guard let data = try? JSONEncoder().encode(progress) else { return (500, "") }
                return (200, String(decoding: data, as: UTF8.self))
            }
            defer { server.stop() }
            let enrolment = Enrolment(server: server.address, serverCA: server.authority, token: "CanaryToken0123456")
            let file = try folder.write(
                "enrolment.json", String(decoding: JSONEncoder().encode(enrolment), as: UTF8.self))
            let program = try RunningProgram(
                Agent.path,
                [
                    "sync", "--device", machine.device, "--name", Self.otherName, "--enrolment", file,
                    "--state-directory", folder.path + "/state",
                ])
            for await _ in written { break }
            #expect(try await hostName(machine) == "nonce.corp.example.test")
            program.signal(number)
            let ending = try await program.ending()
            #expect(ending.status == 128 + number, "\(ending)")
            #expect(try await hostName(machine) == Self.otherName)
        }
    }

    /// What the firmware was last told, read from the simulator.
    private func hostName(_ machine: SimulatedMachine) async throws -> String? {
        let answer = try await run(
            "namesake-simulator", ["control", machine.folder.path + "/control", #"{"do":"state"}"#])
        return answer.output.firstMatch(of: /"hostOSFQDN":"([^"]*)"/).map { String($0.output.1) }
    }

    @Test(
        "of names of any kind: taken, or refused as usage, and never a crash",
        arguments: [
            ("", Int32(64)), (String(repeating: "a", count: 63) + ".example.com", 10),
            (String(repeating: "a", count: 64) + ".example.com", 64),
            (String(repeating: "a.", count: 126) + "a", 10), (String(repeating: "a.", count: 127) + "a", 64),
            (String(repeating: "a.", count: 128), 64), ("pc 1.example.com", 64), ("🖥.example.com", 64),
            ("pc_1.example.com", 64), (SimulatedMachine.name + ".", 0), (SimulatedMachine.name + "..", 64),
            (SimulatedMachine.name.uppercased(), 0), ("localhost.localdomain", 64), ("127.0.0.1", 64),
        ] as [(String, Int32)])
    func names(name: String, status: Int32) async throws {
        try await withMachine { machine in
            expect(status, of: try await machine.agent("check", "--name", name))
        }
    }
}
