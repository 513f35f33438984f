import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("Faults of the network side, on demand", .serialized)
struct NetworkFaultTests {
    private static let type = "AMT_GeneralSettings"
    private func rename(
        _ bench: Bench, _ name: String, seconds: Int = 60
    ) async throws -> (exit: Int32, status: Int, bytes: Int) {
        let body = "<h:\(Self.type) xmlns:h=\"x\"><h:HostName>\(name)</h:HostName></h:\(Self.type)>"
        let answer = try await bench.post(
            envelope("\(Namespace.transfer)/Put", Self.type, body: body), as: .digest(Device.password),
            seconds: seconds)
        return (answer.exit, answer.status, answer.body.utf8.count)
    }

    private func name(_ bench: Bench) async throws -> String? {
        try await bench.control(#"{"do":"state"}"#)["hostName"] as? String
    }

    @Test(
        "a reset in the middle of a chunk comes after the request was applied, with TLS and without",
        arguments: [
            true, false,
        ])
    func resetMidChunk(tls: Bool) async throws {
        try await withBench(number: 70) { bench in
            try await bench.provision()
            try await bench.control(#"{"do":"fault","kind":"resetMidChunk","method":"Get"}"#)
            let torn = try await bench.post(Bench.get, as: .digest(Device.password), tls: tls)
            #expect(torn.exit != 0 && !torn.body.contains("</a:Envelope>"))
            #expect(try await bench.post(Bench.get, as: .digest(Device.password), tls: tls).status == 200)
        }
    }

    @Test("a stall keeps the answer back, after the request was applied")
    func stall() async throws {
        try await withBench(number: 71) { bench in
            try await bench.provision()
            try await bench.control(#"{"do":"fault","kind":"stall","method":"Put","seconds":3600}"#)
            let stalled = try await rename(bench, "stalled", seconds: 2)
            #expect(stalled.exit == 28, "curl waited in vain")
            #expect(try await name(bench) == "stalled")
            try await bench.control(#"{"do":"fault","kind":"stall","method":"Put","seconds":0.01}"#)
            #expect(try await rename(bench, "late").status == 200, "a short one ends in the answer")
        }
    }

    @Test(
        "two megabytes come, chunks without end, or a byte now and then; the request was applied and others are answered",
        arguments: [("long", 0, 2_097_152), ("endless", 28, 1024), ("drip", 28, 1)])
    func floods(kind: String, exit: Int32, bytes: Int) async throws {
        try await withBench(number: 77) { bench in
            try await bench.provision()
            try await bench.control(#"{"do":"fault","kind":"\#(kind)","method":"Put"}"#)
            let answer = try await rename(bench, kind, seconds: 2)
            #expect(answer.exit == exit && answer.status == 200)
            #expect(answer.bytes >= bytes, "\(answer.bytes)")
            #expect(try await name(bench) == kind)
            #expect(try await bench.post(Bench.get, as: .digest(Device.password)).status == 200)
        }
    }

    @Test("the command line arms a fault for the n-th request, as the control socket does")
    func commandLine() async throws {
        let line = #"{"do":"fault","kind":"status503","request":2}"#
        try await withBench(number: 72, ["--do", line, "--do", #"{"do":"setHostOSFQDN","value":"a.test"}"#]) { bench in
            let get = { try await bench.post(Bench.get, as: .certificate("leaf")).status }
            #expect(try await [get(), get(), get()] == [200, 503, 200])
            #expect(try await bench.control(#"{"do":"state"}"#)["hostOSFQDN"] as? String == "a.test")
            let (status, output) = try await run(
                "namesake-simulator",
                ["run", "--address", try Bench.address(73), "--uuid", Bench.uuid, "--do", #"{"do":"dance"}"#])
            #expect(status == 64 && output.contains("no such command: dance"))
        }
    }

    @Test("the clock goes wrong by as much as is asked for")
    func clock() async throws {
        try await withBench(number: 73) { bench in
            try await bench.provision()
            let type = "AMT_TimeSynchronizationService"
            let uri = Namespace.ofClass(type)
            let ask = envelope(
                "\(uri)/GetLowAccuracyTimeSynch", type, body: "<h:GetLowAccuracyTimeSynch_INPUT xmlns:h=\"\(uri)\"/>")
            func clock() async throws -> Int {
                let answer = try await bench.post(ask, as: .digest(Device.password))
                return try #require(answer.body.firstMatch(of: /Ta0>(\d+)</).flatMap { Int($0.output.1) })
            }
            let before = try await clock()
            try await bench.control(#"{"do":"clockSkew","seconds":-1000000}"#)
            let after = try await clock()
            #expect(after < before - 900_000 && after > before - 1_000_001)
            #expect(try await bench.control(#"{"do":"clockSkew"}"#)["error"] != nil)
        }
    }

    @Test("a flash that takes no more writes refuses Put by a fault and methods by status 38, and still reads")
    func flash() async throws {
        try await withBench(number: 74) { bench in
            try await bench.provision()
            try await bench.control(#"{"do":"flashWrites","times":1}"#)
            #expect(try await rename(bench, "first").status == 200)
            #expect(try await rename(bench, "second").status == 500)
            #expect(try await name(bench) == "first")
            let service = "AMT_PublicKeyManagementService"
            let key = "<h:KeyAlgorithm>0</h:KeyAlgorithm><h:KeyLength>2048</h:KeyLength>"
            let made = try await bench.invoke(service, "GenerateKeyPair", key, as: .digest(Device.password))
            #expect(made == "38")
            #expect(try await bench.post(Bench.get, as: .digest(Device.password)).status == 200)
            try await bench.control(#"{"do":"flashWrites"}"#)
            #expect(try await rename(bench, "third").status == 200)
        }
    }

    @Test("a device moves to another address, and stays where it is when that one is taken")
    func address() async throws {
        try await withBench(number: 75) { bench in
            let free = try Bench.address(84)
            let there = Bench(bench, at: free)
            let get = { try await bench.post(Bench.get, as: .certificate("leaf")) }
            try await withTemporaryFolder { folder in
                let other = try await Bench(in: folder, number: 79)
                let error = try await bench.control(#"{"do":"address","value":"\#(other.address)"}"#)["error"]
                #expect((error as? String)?.contains("cannot be listened on") == true)
                await other.simulator.stop()
            }
            #expect(try await get().status == 200)
            #expect(try await bench.control(#"{"do":"address","value":"\#(free)"}"#)["ok"] as? Bool == true)
            #expect(try await get().exit == 7, "nobody listens there any more")
            let type = "AMT_EthernetPortSettings"
            let ask = envelope(
                "\(Namespace.transfer)/Get", type, body: "",
                selectors: selector("InstanceID", "Intel(r) AMT Ethernet Port Settings 0"))
            let moved = try await there.post(ask, as: .certificate("leaf"))
            #expect(moved.status == 200 && moved.body.contains("<g:IPAddress>\(free)</g:IPAddress>"))
            #expect(try await bench.control(#"{"do":"address","value":"192.0.2.1"}"#)["error"] != nil)
        }
    }

    @Test("a power cut in set-up loses what was not committed")
    func powerCut() async throws {
        try await withBench(number: 76) { bench in
            try await bench.prepare(name: "lost")
            #expect(try await name(bench) == "lost")
            try await bench.control(#"{"do":"powerCut"}"#)
            #expect(try await name(bench) == "")
        }
    }
}
