import Certificates
import Foundation
import TestKit
import Testing

@Suite("Routes of re-provisioning", .serialized)
struct RouteTests {
    /// Sets the route in the server's configuration; for the next start.
    static func prefer(_ route: String, _ site: Site) throws {
        try site.configure("route", route)
    }

    /// Follows a job that was begun by hand.
    static func end(of job: String, _ site: Site) async throws -> String {
        try await site.end(of: job)
    }

    @Test("by partial unprovisioning the agent's name arrives, hashes and admin stay, and no request is made as admin")
    func partial() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let before = try await site.control(#"{"do":"state"}"#)
            try Self.prefer("partial", site)
            try await site.crashServer()
            let count = try site.requests().count
            try await site.control(#"{"do":"resetCounters"}"#)
            try await site.control(#"{"do":"hold","phase":"after","method":"PartialUnprovision"}"#)
            let agent = try site.beginSync(name: "ws-1.corp.example.test")
            try await site.control(#"{"do":"awaitHeld"}"#)
            let taken = try await site.control(#"{"do":"state"}"#)
            #expect(taken["provisioningState"] as? Int == 1, "\(taken)")
            #expect((taken["users"] as? [Any])?.isEmpty == true, "\(taken)")
            Self.expectKept(before, taken)
            try await site.control(#"{"do":"release"}"#)
            let status = await agent.ended()
            #expect(status == 0, "\(agent.printed)\n\(site.server.printed)")
            try await CrashTests.expectWhole(site, "ws-1.corp.example.test", "partial")
            let after = try await site.control(#"{"do":"state"}"#)
            #expect((after["handshakes"] as? Int ?? .max) <= 8, "set-up goes over one connection: \(after)")
            #expect(after["served"] as? String != before["served"] as? String)
            Self.expectKept(before, after)
            let page = try await site.console("jobs", "show", "2").output
            #expect(page.contains(/why this way +the policy is partial\n/), "\(page)")
            let requests = Array(try site.requests().dropFirst(count))
            #expect(requests.contains { $0["action"] as? String == "PartialUnprovision" })
            // The last proof of the admin password is no mending.
            let asAdmin = requests.filter { $0["user"] as? String == "admin" }.map { $0["action"] as? String }
            #expect(asAdmin == ["GetUuid"], "\(asAdmin)")
            // The route of every later rename is the same, and the admin password works still.
            #expect(try await site.sync(name: "ws-2.corp.example.test").status == 0)
            try await CrashTests.expectWhole(site, "ws-2.corp.example.test", "partial, again")
            await site.stop()
        }
    }

    /// The root that MEBx was given and the admin entry with its password are what they were.
    private static func expectKept(_ before: [String: Any], _ after: [String: Any]) {
        let roots = after["trustedRoots"] as? [String]
        #expect(roots?.isEmpty == false && roots == before["trustedRoots"] as? [String])
        let admin = after["admin"] as? String
        #expect(admin?.count == 64 && admin == before["admin"] as? String)
    }

    @Test("where partial unprovisioning would not be safe, or is not wanted, the job goes in place and says why")
    func reasons() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            let auto = try await site.console("jobs", "show", "2").output
            #expect(auto.contains(/why this way +the store holds a working account\n/), "\(auto)")

            let pem = "\(folder)/server/provisioning.pem"
            try Self.prefer("partial", site)
            try await site.crashServer {
                let leaf = try #require(try Certificate.all(pem: String(contentsOfFile: pem, encoding: .utf8)).first)
                try leaf.pem.write(toFile: pem, atomically: true, encoding: .utf8)
            }
            #expect(try await site.sync(name: "ws-2.corp.example.test").status == 0)
            let page = try await site.console("jobs", "show", "3").output
            #expect(page.contains(/job 3: rename .*done/), "\(page)")
            #expect(page.contains(/why this way +the policy is partial, which would not be safe: .*is missing/))
            try await CrashTests.expectWhole(site, "ws-2.corp.example.test", "in place after all")
            await site.stop()
        }
    }

    @Test(
        "a server killed in a partial route is followed by one that ends it right",
        arguments: ["PartialUnprovision", "SetAdminAclEntryEx", "AddUserAclEntryEx", "CommitChanges"],
        ["before", "after"])
    func crashes(method: String, phase: String) async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try Self.prefer("partial", site)
            try await site.crashServer()
            try await site.control(#"{"do":"hold","phase":"\#(phase)","method":"\#(method)"}"#)
            let agent = try site.beginSync(name: "ws-1.corp.example.test", timeout: 180)
            try await site.control(#"{"do":"awaitHeld"}"#)
            try await site.crashServer {
                try await site.control(#"{"do":"release","lost":\#(phase == "before")}"#)
            }
            let status = await agent.ended()
            #expect(status == 0, "\(method) \(phase): \(agent.printed)\n\(site.earlier)\n\(site.server.printed)")
            try await CrashTests.expectWhole(site, "ws-1.corp.example.test", "\(phase) \(method)")
            await site.stop()
        }
    }

    @Test("what the firmware refuses in place goes on by partial unprovisioning, and a failed job by retry")
    func fallBack() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            // The firmware takes one more write: the names go in, the key pair is refused, and all that follows.
            try await site.control(#"{"do":"flashWrites","times":1}"#)
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 31, "\(synced.output)")
            let other = try await Self.end(of: "3", site)
            #expect(other.contains("in place was refused") && other.contains(#""state":"failed""#), "\(other)")
            #expect(try await site.console("devices", "show", Site.machine).output.contains("failed"))

            try await site.control(#"{"do":"flashWrites","times":10000}"#)
            #expect(try await site.console("jobs", "retry", "3").status == 0)
            #expect(try await Self.end(of: "3", site).contains(#""state":"done""#))
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            try await CrashTests.expectWholeDevice(site, "ws-1.corp.example.test", "after the other route")
            #expect(try await site.console("jobs", "retry", "3").status != 0, "what is done is not done again")
            await site.stop()
        }
    }

    @Test("a person renames, re-provisions and unprovisions by hand, and a dry run changes nothing")
    func byHand() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let count = try site.requests().count
            for words in [["rename"], ["reprovision"], ["unprovision", "--full"]] {
                let last = words == ["rename"] ? ["ws-1.corp.example.test"] : []
                let tried = try await run(
                    "namesake-server",
                    ["devices"] + words + ["--folder", "\(folder)/server", "--dry-run", Site.machine] + last)
                #expect(tried.status == 0 && tried.output.contains("nothing speaks against it"), "\(tried.output)")
            }
            #expect(try site.requests().count == count)

            let refused = try await site.console("devices", "rename", Site.machine, "ws-1.elsewhere.test")
            #expect(refused.status != 0 && refused.output.contains("corp.example.test"), "\(refused.output)")

            #expect(try await site.console("devices", "rename", Site.machine, "ws-1.corp.example.test").status == 0)
            #expect(try await Self.end(of: "2", site).contains(#""state":"done""#))
            #expect(try await site.control(#"{"do":"state"}"#)["hostName"] as? String == "ws-1")

            let again = try await site.console(
                "devices", "reprovision", Site.machine, "--name", "ws-2.corp.example.test")
            #expect(again.status == 0, "\(again.output)")
            #expect(try await Self.end(of: "3", site).contains(#""state":"done""#))
            #expect(try await site.control(#"{"do":"state"}"#)["hostName"] as? String == "ws-2")

            #expect(try await site.console("devices", "unprovision", "--partial", Site.machine).status == 0)
            let page = try await Self.end(of: "4", site)
            #expect(page.contains(#""state":"done""#), "\(page)")
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["provisioningState"] as? Int == 1)
            #expect(try await site.console("devices", "show", Site.machine).output.contains("as a person wanted"))
            // What is held stays so until somebody says otherwise, hellos or not.
            #expect(try await site.console("devices", "retry", Site.machine).status == 0)
            try await site.awaitStage("managed")
            #expect(try await site.console("devices", "unprovision", "--full", Site.machine).status == 0)
            #expect(try await Self.end(of: "6", site).contains(#""state":"done""#))
            #expect(try await site.control(#"{"do":"state"}"#)["provisioningState"] as? Int == 0)
            await site.stop()
        }
    }
}
