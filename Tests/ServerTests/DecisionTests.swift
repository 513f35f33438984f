import Foundation
import TestKit
import Testing

/// Claims that wait for a person, and names that policy keeps out.
@Suite("A claim that a person decides", .serialized)
struct DecisionTests {
    @Test("is held when it is not proved; a no ends it, leaves nothing behind, and lets the true one through")
    func rejected() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try site.configure("approval", "unproved")
            try await site.crashServer()
            let before = try await site.control(#"{"do":"state"}"#)["hostName"] as? String
            _ = try await ClaimTests.post(site, folder, "stolen.corp.example.test")
            _ = try await ClaimTests.curl(
                folder, ["-X", "POST", "https://\(site.serverAddress):8443/v1/jobs/2/echo-written"])
            let held = try await site.end(of: "2")
            #expect(held.contains(#""state":"held""#) && held.contains("stolen.corp.example.test"), "\(held)")
            let own = try await site.sync(name: "ws-1.corp.example.test")
            #expect(own.status == 32 && own.output.contains("stolen.corp.example.test"), "\(own.output)")

            #expect(try await site.console("jobs", "approve", "1").status != 0, "job 1 is done, not held")
            let no = try await site.console("jobs", "reject", "2", "--reason", "nobody's ticket / \"x\"")
            #expect(no.status == 0, "\(no.output)")
            let ended = try await site.end(of: "2")
            #expect(ended.contains(#""state":"failed""#) && ended.contains("fleet.claim-rejected"), "\(ended)")
            #expect(try await site.console("jobs", "show", "2").output.contains("nobody's ticket / \"x\""))
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["hostName"] as? String == before)
            #expect((state["users"] as? [Any])?.isEmpty == true, "its account is gone")
            #expect(try await site.console("jobs", "reject", "2", "--reason", "again").status != 0)
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0, "the true one is not in its way")
            await site.stop()
        }
    }

    @Test("is held after its proof where policy wants every one approved, and a yes brings it to its end")
    func approved() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try site.configure("approval", "every")
            try await site.crashServer()
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 32, "\(synced.output)")
            let before = try await site.control(#"{"do":"state"}"#)
            #expect(before["hostName"] as? String != "ws-1")
            #expect(before["hostOSFQDN"] as? String == "ws-1.corp.example.test", "the true name is back")
            #expect(try await site.console("jobs", "show", "2").output.contains("is proved"))
            #expect(try await site.sync(name: "ws-2.corp.example.test").status == 32, "a second claim waits behind it")
            let yes = try await site.console("jobs", "approve", "2")
            #expect(yes.status == 0, "\(yes.output)")
            #expect(try await site.end(of: "2").contains(#""state":"done""#))
            #expect(try await site.control(#"{"do":"state"}"#)["hostName"] as? String == "ws-1")
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            await site.stop()
        }
    }

    @Test("is proved although the operating system's own service writes over the echo in between")
    func overwritten() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try await site.control(#"{"do":"hold","phase":"before","method":"GetUuid"}"#)
            let agent = try site.beginSync(name: "ws-1.corp.example.test")
            try await site.control(#"{"do":"awaitHeld"}"#)
            let echo = try await site.control(#"{"do":"state"}"#)["hostOSFQDN"] as? String
            #expect(echo?.hasPrefix("nsk-") == true)
            try await site.control(#"{"do":"setHostOSFQDN","value":"ws-1.corp.example.test"}"#)
            try await site.control(#"{"do":"release"}"#)
            let status = await agent.ended()
            #expect(status == 0, "\(agent.printed)\n\(site.server.printed)")
            let page = try await site.console("jobs", "show", "2", "--json").output
            #expect(page.matches(of: /provisioning.claim-not-proved/).count >= 1, "the echo was missed once: \(page)")
            try await CrashTests.expectWhole(site, "ws-1.corp.example.test", "an echo written twice")
            await site.stop()
        }
    }

    @Test("is refused for a name that does not match the pattern; a pattern that is none stops the start")
    func pattern() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try site.configure("namePattern", "ws-[0-9]{4}[.]corp[.]example[.]test")
            try await site.crashServer()
            for name in ["ws-1.corp.example.test", "xws-1234.corp.example.test", "ws-12345.corp.example.test"] {
                let refused = try await ClaimTests.post(site, folder, name)
                #expect(refused.hasSuffix("\n409") && refused.contains("fleet.name-policy"), "\(refused)")
            }
            #expect(try await site.sync(name: "WS-1234.corp.example.test").status == 0)
            await site.stop()
            try site.configure("namePattern", "ws-[0-9")
            let refused = try await run("namesake-server", ["serve", "--folder", "\(folder)/server"])
            #expect(refused.status == 78 && refused.output.contains("namePattern"), "\(refused.output)")
        }
    }
}
