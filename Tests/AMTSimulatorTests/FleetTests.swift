import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("A fleet of devices in one process", .serialized)
struct FleetTests {
    private func withFleet(
        _ devices: Int, _ extra: [String] = [], _ body: (Bench) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await Bench(in: folder, number: 90, devices: devices, extra)
            do { try await body(fleet) } catch {
                await fleet.simulator.stop()
                throw error
            }
            await fleet.simulator.stop()
        }
    }

    private func rows(_ fleet: Bench, from: Int = 0) async throws -> [[String: Any]] {
        let answer = try await fleet.control(#"{"do":"devices","from":\#(from),"times":1000}"#)
        return try #require(answer["devices"] as? [[String: Any]])
    }

    @Test("devices are told apart by the address that a connection came to, and each has a state of its own")
    func apart() async throws {
        try await withFleet(600) { fleet in
            let rows = try await rows(fleet)
            let addresses = rows.compactMap { $0["address"] as? String }
            #expect(Set(addresses).count == 600 && Set(rows.compactMap { $0["uuid"] as? String }).count == 600)
            #expect(!addresses.contains { $0.hasSuffix(".0") || $0.hasSuffix(".255") })
            let (one, other) = (Bench(fleet, at: addresses[3]), Bench(fleet, at: addresses[599]))
            try await one.prepare(name: "three")
            try await other.prepare(name: "last")
            let commit = try await other.invoke(
                "AMT_SetupAndConfigurationService", "CommitChanges", as: .certificate("leaf"))
            #expect(commit == "0")
            let answer = try await other.post(Bench.get, as: .digest(Device.password), tls: false)
            #expect(answer.body.contains("<g:HostName>last</g:HostName>"))
            #expect(
                try await one.post(Bench.get, as: .digest(Device.password), tls: false).exit != 0, "still in set-up")
            let mine = try await one.post(Bench.get, as: .certificate("leaf"))
            #expect(mine.body.contains("<g:HostName>three</g:HostName>"))
            let uuid = rows[3]["uuid"] as? String ?? ""
            for name in ["3", addresses[3], uuid] {
                let state = try await fleet.control(#"{"do":"state","device":"\#(name)"}"#)
                #expect(state["hostName"] as? String == "three")
            }
            let sums = try await fleet.control(#"{"do":"fleet"}"#)
            #expect(sums["devices"] as? Int == 600 && sums["provisioned"] as? Int == 1)
            let nobody = Bench(fleet, at: try Bench.address(89))
            #expect(
                try await nobody.post(Bench.get, as: .certificate("leaf")).exit != 0, "an address that no device has")
            #expect(try await fleet.control(#"{"do":"state","device":"600"}"#)["error"] != nil)
        }
    }

    @Test("the same seed makes the same devices, another seed others")
    func seeds() async throws {
        var uuids: [[String]] = []
        var realms: [String] = []
        for seed in ["5", "5", "6"] {
            try await withFleet(20, ["--seed", seed]) { fleet in
                uuids.append(try await rows(fleet).compactMap { $0["uuid"] as? String })
                let answer = try await fleet.post(Bench.get, as: .certificate("leaf"))
                realms += answer.body.matches(of: /Digest:[0-9A-F]{32}/).map { String($0.output) }
            }
        }
        #expect(uuids[0] == uuids[1] && uuids[0].count == 20)
        #expect(Set(uuids[0]).isDisjoint(with: uuids[2]))
        #expect(realms.count == 3 && realms[0] == realms[1] && realms[0] != realms[2])
    }

    @Test("every device says hello, from its own address and with its own UUID")
    func hellos() async throws {
        let collector = try HelloCollector(address: try Bench.address(89))
        try await withFleet(300, ["--provision-server", "\(try Bench.address(89)):\(collector.port)"]) { fleet in
            let hellos = collector.take(300)
            let rows = try await rows(fleet)
            #expect(Set(hellos.map(\.from)) == Set(rows.compactMap { $0["address"] as? String }))
            let said = Dictionary(hellos.map { ($0.from, printed(Array($0.bytes[8..<24]))) }) { one, _ in one }
            #expect(rows.allSatisfy { said[$0["address"] as? String ?? ""] == $0["uuid"] as? String })
        }
    }

    @Test("every device answers a presence ping from its own address, with its own state")
    func presence() async throws {
        try await withFleet(300) { fleet in
            let addresses = try await rows(fleet).compactMap { $0["address"] as? String }
            let other = Bench(fleet, at: addresses[299])
            try await other.provision()
            for (address, state) in [(addresses[0], 1), (addresses[150], 1), (addresses[299], 2)] {
                let pong = try #require(try PresenceTests.ask(address, port: 623 + fleet.portOffset), "\(address)")
                #expect(pong[9] == PresenceTests.ping[9] && Int(pong[19]) & 3 == state, "\(address)")
            }
        }
    }

    @Test("a device moves to a free address and leaves the old one, and not to one that another device has")
    func moves() async throws {
        try await withFleet(3) { fleet in
            let rows = try await rows(fleet)
            let free = try Bench.address(98)
            let taken = rows[1]["address"] as? String ?? ""
            let error = try await fleet.control(#"{"do":"address","value":"\#(taken)"}"#)["error"] as? String
            #expect(error?.contains("another device") == true)
            #expect(try await fleet.post(Bench.get, as: .certificate("leaf")).status == 200, "it stayed")
            #expect(try await fleet.control(#"{"do":"address","value":"\#(free)"}"#)["ok"] as? Bool == true)
            #expect(try await fleet.post(Bench.get, as: .certificate("leaf")).exit != 0)
            #expect(try await Bench(fleet, at: free).post(Bench.get, as: .certificate("leaf")).status == 200)
        }
    }

    @Test("ten thousand devices start, and the last one answers")
    func tenThousand() async throws {
        try await withFleet(10_000) { fleet in
            let last = try #require(try await rows(fleet, from: 9_999).first?["address"] as? String)
            let answer = try await Bench(fleet, at: last).post(Bench.get, as: .certificate("leaf"))
            #expect(answer.status == 200)
        }
    }

    @Test(
        "ports below 1024 are left out with a message for a user who may not have them",
        .enabled(
            if: getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv"),
            "only root can become a user without that right"))
    func lowPorts() async throws {
        let unprivileged = try String(contentsOfFile: "/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding: .utf8)
        guard unprivileged.hasPrefix("1024") else { return }
        let program = try Program(
            "/usr/bin/setpriv",
            [
                "--reuid", "65534", "--regid", "65534", "--clear-groups", product("namesake-simulator"), "run",
                "--address", try Bench.address(90), "--devices", "2", "--port-offset=-\(100 + Bench.fleetOffset % 500)",
            ])
        try await program.awaitLine("ready")
        #expect(program.printed.components(separatedBy: "is left out: this user may not listen below 1024").count == 4)
        await program.stop()
    }

    @Test(
        "what a fleet cannot be is said",
        arguments: [
            ["--address", "10.0.0.1", "--devices", "2"], ["--address", "127.255.255.250", "--devices", "10"],
            ["--address", "127.0.0.1", "--devices", "0"], ["--address", "127.0.0.1"],
            ["--address", "127.0.0.1", "--devices", "2", "--uuid", Bench.uuid],
            ["--address", "127.0.0.1", "--devices", "2", "--latency", "slow"],
        ])
    func refusals(arguments: [String]) async throws {
        let (status, output) = try await run("namesake-simulator", ["run"] + arguments)
        #expect(status == 64 && !output.contains("ready"))
    }
}

@Suite("A device's time and memory")
struct DeviceKeepingTests {
    @Test("realistic latency is 100 to 500 ms a request and 1 to 2 s a handshake, and repeats with its seed")
    func latency() throws {
        var (one, same, other) = (Latency(seed: 1), Latency(seed: 1), Latency(seed: 2))
        let requests = (0..<500).map { _ in one.ofRequest() }
        #expect(requests.allSatisfy { 0.1...0.5 ~= $0 } && Set(requests).count > 400)
        #expect(
            requests == (0..<500).map { _ in same.ofRequest() } && requests != (0..<500).map { _ in other.ofRequest() })
        #expect((0..<500).allSatisfy { _ in 1...2 ~= one.ofHandshake() })
        let host = FirmwareHost(
            Device().firmware, identity: OwnIdentity { try SelfSigned(uuid: "x", now: 0) }, keys: KeyPool(size: 0),
            log: nil, clock: { 0 })
        #expect(host.handshakeDelay() == 0)
        guard case .drop = host.delayed(.drop) else {
            Issue.record("no latency delays nothing")
            return
        }
        host.with { $0.latency = Latency(seed: 1) }
        #expect(1...2 ~= host.handshakeDelay())
        guard case .late(0.1...0.5, .drop) = host.delayed(.drop) else {
            Issue.record("latency delays")
            return
        }
    }

    @Test("a device takes its time where it is told to, and answers the same")
    func slow() async throws {
        try await withBench(number: 91, ["--latency", "realistic"]) { bench in
            try await bench.provision()
            let answer = try await bench.post(Bench.get, as: .digest(Device.password))
            #expect(answer.status == 200 && answer.body.contains("<g:HostName>pc1</g:HostName>"))
        }
    }

    @Test("a device begins set up where it is told to, with the password of a file, alone and in a fleet")
    func provisioned() async throws {
        try await withTemporaryFolder { folder in
            try "\(Device.password)\n".write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
            let extra = ["--provisioned", "\(folder)/password"]
            try await withBench(number: 93, extra) { bench in
                for tls in [true, false] {
                    let answer = try await bench.post(Bench.get, as: .digest(Device.password), tls: tls)
                    #expect(answer.status == 200 && answer.body.contains("<g:HostName>pc1</g:HostName>"))
                }
                #expect(try await bench.post(Bench.get, as: .digest("admin")).status == 401)
            }
            let (status, output) = try await run(
                "namesake-simulator",
                ["run", "--address", try Bench.address(93), "--uuid", Bench.uuid, "--provisioned", "\(folder)/none"])
            #expect(status == 66 && output.contains("\(folder)/none"))
        }
    }

    @Test("what was committed is there after a restart, what was not is gone, and the file is its owner's alone")
    func state() async throws {
        try await withTemporaryFolder { state in
            var realm: String?
            try await withBench(number: 92, ["--state", state]) { bench in
                try await bench.prepare(name: "never-committed")
            }
            try await withBench(number: 92, ["--state", state]) { bench in
                #expect(try await bench.control(#"{"do":"state"}"#)["hostName"] as? String == "")
                try await bench.provision()
                let answer = try await bench.post(Bench.get, as: .digest(Device.password))
                realm = answer.body.firstMatch(of: /Digest:[0-9A-F]{32}/).map { String($0.output) }
                let made = try await bench.invoke(
                    "AMT_PublicKeyManagementService", "GenerateKeyPair",
                    "<h:KeyAlgorithm>0</h:KeyAlgorithm><h:KeyLength>2048</h:KeyLength>", as: .digest(Device.password))
                #expect(made == "0")
            }
            let file = "\(state)/\(Bench.uuid).json"
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            // Another seed: what it says now can only come from the file.
            try await withBench(number: 92, ["--state", state, "--seed", "9"]) { bench in
                let answer = try await bench.post(Bench.get, as: .digest(Device.password))
                #expect(answer.status == 200 && answer.body.contains("<g:HostName>pc1</g:HostName>"))
                #expect(realm != nil && answer.body.contains(realm ?? "-"))
                #expect((try await bench.control(#"{"do":"state"}"#)["keys"] as? [String])?.count == 1)
            }
            try "{}".write(toFile: file, atomically: true, encoding: .utf8)
            let (status, output) = try await run(
                "namesake-simulator",
                ["run", "--address", try Bench.address(92), "--uuid", Bench.uuid, "--state", state])
            #expect(status == 65 && output.contains(file))
        }
    }
}
