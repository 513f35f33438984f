import Foundation
import Glibc
import LibXML
import TestKit
import Testing

@testable import AMTSimulator

@Suite("A simulator that runs", .serialized)
struct RunningTests {
    @Test("says hello from its own address by its schedule, forty times, and then no more")
    func hellos() async throws {
        let collector = try HelloCollector(address: try Bench.address(50))
        let extra = ["--provision-server", "\(try Bench.address(50)):\(collector.port)", "--speed-up", "1000000"]
        try await withBench(number: 31, extra) { bench in
            try await bench.simulator.awaitLine("no more hellos")
            let hellos = collector.take(40)
            #expect(hellos.count == 40)
            #expect(Set(hellos.map(\.from)) == [bench.address])
            #expect(hellos.map { $0.bytes[4] } == (0..<40).map { UInt8(min($0, 14)) })
            let uuid = bytes("4b529b93d413181de4871c697a6b7a2b")
            let hash = try bench.root.hash()
            #expect(hellos.allSatisfy { Array($0.bytes[8..<24]) == uuid && Array($0.bytes[27..<59]) == hash })
            #expect(try await bench.control(#"{"do":"state"}"#)["helloCount"] as? Int == 40)
            // A machine that is unprovisioned in part says hello again.
            try await bench.provision()
            let again = try await bench.invoke(
                "AMT_SetupAndConfigurationService", "PartialUnprovision", as: .digest(Device.password))
            #expect(again == "0")
            #expect(collector.take(1).first?.bytes.prefix(5) == [1, 0, 3, 0, 0])
        }
    }

    @Test(
        "holds a request before or after it is applied, and its answer comes when it is released",
        arguments: ["before", "after"])
    func hold(phase: String) async throws {
        try await withBench(number: phase == "before" ? 32 : 33) { bench in
            try await bench.prepare()
            try await bench.control(#"{"do":"hold","phase":"\#(phase)","method":"CommitChanges"}"#)
            async let done = bench.invoke(
                "AMT_SetupAndConfigurationService", "CommitChanges", as: .certificate("leaf"))
            let held = try await bench.control(#"{"do":"awaitHeld"}"#)
            #expect((held["held"] as? String)?.hasPrefix(phase) == true)
            let state = try await bench.control(#"{"do":"state"}"#)["provisioningState"] as? Int
            #expect(state == (phase == "before" ? 1 : 2))
            #expect(try await bench.control(#"{"do":"release"}"#)["released"] as? Bool == true)
            let status = try await done
            #expect(status == "0")
        }
    }

    @Test(
        "lets a fault strike one request", arguments: ["dropBefore", "dropAfter", "html", "garbage", "status500"])
    func faults(kind: String) async throws {
        try await withBench(number: 34) { bench in
            try await bench.control(#"{"do":"fault","kind":"\#(kind)","method":"Put"}"#)
            #expect(try await bench.post(Bench.get, as: .certificate("leaf")).status == 200, "no Put")
            let body = "<h:AMT_GeneralSettings xmlns:h=\"x\"><h:HostName>ws</h:HostName></h:AMT_GeneralSettings>"
            let put = envelope("\(Namespace.transfer)/Put", "AMT_GeneralSettings", body: body)
            let struck = try await bench.post(put, as: .certificate("leaf"))
            switch kind {
            case "html": #expect(struck.status == 200 && struck.body.contains("<html>"))
            case "status500": #expect(struck.status == 500)
            default: #expect(struck.exit != 0)
            }
            let name = try await bench.control(#"{"do":"state"}"#)["hostName"] as? String
            #expect(name == (kind == "dropBefore" ? "" : "ws"))
            #expect(try await bench.post(put, as: .certificate("leaf")).status == 200, "only one")
        }
    }

    @Test("a commit's answer is lost where the switch says so, and is done all the same")
    func lostCommit() async throws {
        try await withBench(number: 35, ["--commit-answer", "lost"]) { bench in
            try await bench.prepare()
            let type = "AMT_SetupAndConfigurationService"
            let uri = Namespace.ofClass(type)
            let body = "<h:CommitChanges_INPUT xmlns:h=\"\(uri)\"/>"
            let lost = try await bench.post(
                envelope("\(uri)/CommitChanges", type, body: body), as: .certificate("leaf"))
            #expect(lost.exit != 0 && lost.status == 0)
            #expect(try await bench.control(#"{"do":"state"}"#)["provisioningState"] as? Int == 2)
        }
    }

    @Test("expired nonces, a wrong certificate and a power cut come when they are asked for")
    func otherFaults() async throws {
        try await withBench(number: 36) { bench in
            try await bench.provision()
            try await bench.control(#"{"do":"fault","kind":"expireNonces"}"#)
            let admin = Bench.Proof.digest(Device.password)
            #expect(try await bench.post(Bench.get, as: admin).status == 401)
            #expect(try await bench.post(Bench.get, as: admin).status == 200)
            #expect(try await bench.put("AMT_TLSSettingData", tlsBody("LMS", enabled: true), as: admin) == 200)
            try await bench.control(#"{"do":"powerCut"}"#)
            let commit = try await bench.invoke("AMT_SetupAndConfigurationService", "CommitChanges", as: admin)
            #expect(commit == "0", "the setting that lacked a certificate is gone")
        }
    }

    @Test("the device on the host side is busy or vanishes when it is told to")
    func hostSide() async throws {
        try await withTemporaryFolder { other in
            try await withBench(number: 37, ["--host-socket", "\(other)/mei"]) { bench in
                try await bench.control(#"{"do":"meiBusy","times":1}"#)
                let guid = bytes("2800f812b7b42d4baca846e0ff65814c")
                let first = try PacketSocket("\(other)/mei")
                #expect(first.ask(guid) == [UInt8(EBUSY), 0, 0, 0])
                let second = try PacketSocket("\(other)/mei")
                #expect(second.ask(guid).prefix(8) == [0, 0, 0, 0, 0, 0x14, 0, 0])
                #expect(second.ask(bytes("010100001100000400000000")).count == 20)
                try await bench.control(#"{"do":"meiVanish"}"#)
                #expect(second.ask(bytes("010100001100000400000000")) == [])
                try await bench.control(#"{"do":"setHostOSFQDN","value":"a.b.test"}"#)
                #expect(try await bench.control(#"{"do":"state"}"#)["hostOSFQDN"] as? String == "a.b.test")
            }
        }
    }

    @Test("a line that the control socket does not know is answered with what is wrong")
    func controlErrors() async throws {
        try await withBench(number: 38) { bench in
            for line in ["nonsense", #"{"do":"dance"}"#, #"{"do":"hold"}"#, #"{"do":"fault","kind":"flood"}"#] {
                let error = try await bench.control(line)["error"] as? String
                #expect(error != nil, "\(line)")
            }
        }
    }

    @Test("what cannot start says so in words, with a code of sysexits")
    func startErrors() async throws {
        try await withBench(number: 39) { bench in
            func start(_ extra: String...) async throws -> (status: Int32, output: String) {
                try await run(
                    "namesake-simulator", ["run", "--address", try Bench.address(51), "--uuid", Bench.uuid] + extra)
            }
            let taken = try await run("namesake-simulator", ["run", "--address", bench.address, "--uuid", Bench.uuid])
            #expect(taken.status == 69 && taken.output.contains("\(bench.address):16993 cannot be listened on"))
            #expect(try await start("--trust-root", "\(bench.folder)/none").status == 66)
            let broken = "\(bench.folder)/broken"
            try "-----BEGIN CERTIFICATE-----\n!!\n".write(toFile: broken, atomically: true, encoding: .utf8)
            #expect(try await start("--trust-root", broken).status == 65)
            #expect(try await start("--request-log", "\(bench.folder)/none/log").status == 73)
            #expect(try await start("--control", "\(bench.folder)/root.pem").status == 73, "a file that is no socket")
            #expect(FileManager.default.fileExists(atPath: "\(bench.folder)/root.pem"), "and that stays")
            #expect(try await start("--personality", "2.0").status == 64)
            #expect(try await run("namesake-simulator", ["run", "--address", "127.0.0.1", "--uuid", "x"]).status == 64)
        }
    }

    @Test("SIGTERM ends it cleanly, and its socket is gone")
    func ends() async throws {
        try await withTemporaryFolder { folder in
            let bench = try await Bench(in: folder, number: 41)
            bench.simulator.send(SIGTERM)
            #expect(await bench.simulator.ended() == 0)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/control"))
        }
    }
}
