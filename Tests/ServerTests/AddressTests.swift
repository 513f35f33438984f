import Fleet
import Foundation
import StorageSQLite
import TestKit
import Testing
import Vocabulary

/// A machine that gets another address while a job is under way.
@Suite("A machine that moves", .serialized)
struct AddressTests {
    static func address(_ folder: String) async throws -> String? {
        let machine = try #require(MachineID(Site.machine))
        return try await SQLiteStore(path: "\(folder)/server/store.sqlite").device(machine)?.address
    }

    /// Has the agent report from an address, as curl sees it: the job that it asks for is under way already.
    static func report(_ name: String, from address: String, _ site: Site, _ folder: String) async throws -> String {
        _ = try await ClaimTests.post(site, folder, name)
        let body = """
            {"wireVersion":1,"agentVersion":"x","machine":"\(Site.machine)","osName":"\(name)","osNameRule":"--name",\
            "firmwareName":"","provisioningState":2,"controlMode":2}
            """
        return try await ClaimTests.curl(
            folder, ["--interface", address, "-d", body, "https://\(site.serverAddress):8443/v1/reports"])
    }

    @Test("a managed machine is followed to the address that its agent speaks from, where it presents its pinned key")
    func managed() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let moved = "\(site.net).243"
            try await site.control(#"{"do":"hold","phase":"before","method":"GenerateKeyPair"}"#)
            #expect(try await site.console("devices", "rename", Site.machine, "ws-1.corp.example.test").status == 0)
            try await site.control(#"{"do":"awaitHeld"}"#)
            try await site.control(#"{"do":"address","value":"\#(moved)"}"#)
            let said = try await Self.report("ws-1.corp.example.test", from: moved, site, folder)
            #expect(said.contains("follow"), "\(said)")
            try await site.control(#"{"do":"release","lost":true}"#)
            let page = try await site.end(of: "2")
            #expect(page.contains(#""state":"done""#), "\(page)")
            #expect(try await Self.address(folder) == moved)
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["hostName"] as? String == "ws-1" && (state["keys"] as? [Any])?.count == 1, "\(state)")
            await site.stop()
        }
    }

    @Test("a managed machine without an agent is found again where a person says that it is, and nowhere else")
    func told() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let moved = "\(site.net).248"
            try await site.control(#"{"do":"address","value":"\#(moved)"}"#)
            #expect(try await site.console("devices", "rename", Site.machine, "ws-1.corp.example.test").status == 0)
            try await site.server.awaitLine("job waits")
            let wrong = try await site.console("devices", "moved", Site.machine, "ws-1.corp.example.test")
            #expect(wrong.status != 0 && wrong.output.contains("is no IP address"), "\(wrong)")
            let told = try await site.console("devices", "moved", Site.machine, moved)
            #expect(told.status == 0 && told.output.contains(moved), "\(told)")
            #expect(try await site.end(of: "2").contains(#""state":"done""#))
            #expect(try await Self.address(folder) == moved)
            await site.stop()
        }
    }

    @Test("where another device answers at the address that an agent speaks from, the job waits for its own")
    func elsewhere() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let machine = try #require(MachineID(Site.machine))
            let store = try SQLiteStore(path: "\(folder)/server/store.sqlite")
            let (away, other) = ("\(site.net).246", "\(site.net).247")
            let stranger = try Program(
                "namesake-simulator",
                [
                    "run", "--address", other, "--uuid", "00112233-4455-6677-8899-aabbccddeeff", "--request-log",
                    "\(folder)/log",
                ])
            try await stranger.awaitLine("ready")
            _ = try await store.change(machine) { (record: inout DeviceRecord?) in record?.movedTo = other }
            try await site.control(#"{"do":"address","value":"\#(away)"}"#)
            #expect(try await site.console("devices", "rename", Site.machine, "ws-1.corp.example.test").status == 0)
            try await site.server.awaitLine("job waits")
            #expect(try await store.device(machine)?.address == site.address)
            try await site.control(#"{"do":"address","value":"\#(site.address)"}"#)
            #expect(try await site.end(of: "2").contains(#""state":"done""#))
            #expect(try await store.device(machine)?.address == site.address)
            let asked = try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)
            #expect(asked ?? "" == "", "something was sent to a stranger")
            await stranger.stop()
            await site.stop()
        }
    }

    @Test("a machine in set-up is followed to where its hello comes from, where it has the same UUID")
    func setUp() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(
                in: folder, simulator: ["--hold", "before:GenerateKeyPair", "--speed-up", "60"],
                provisions: false)
            let moved = "\(site.net).244"
            try await site.control(#"{"do":"awaitHeld"}"#)
            try await site.control(#"{"do":"address","value":"\#(moved)"}"#)
            try await site.control(#"{"do":"release","lost":true}"#)
            try await site.awaitStage("managed")
            #expect(try await Self.address(folder) == moved)
            await site.stop()
        }
    }
}
