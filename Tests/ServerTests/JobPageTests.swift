import Foundation
import TestKit
import Testing

/// What a person sees of a job, and how a person ends one.
@Suite("A job's page", .serialized)
struct JobPageTests {
    @Test("tells names before and after, each request, whom the firmware let in last, and what to do")
    func page() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let before = try site.requests().count
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            let made = try site.requests().count - before
            let text = try await site.console("jobs", "show", "2").output
            #expect(text.contains(/name before +\S+\.corp\.example\.test\n/), "\(text)")
            #expect(text.contains(/name now +ws-1\.corp\.example\.test\n/), "\(text)")
            #expect(text.contains(/last let in +nsk-\S+, .*RemoveUserAclEntry/), "\(text)")
            #expect(text.contains(/what to do +Nothing\./), "\(text)")
            let requests = text.split(separator: "\n").filter { $0.contains(/\ \d+ ms .*(200|401)  [A-Z]/) }
            #expect(requests.count == made, "\(made) by the firmware's own count: \(text)")
            #expect(requests.filter { $0.contains("AMT_") }.count == made)

            let html = try await site.console("jobs", "show", "2", "--html").output
            try html.write(toFile: "\(folder)/page.html", atomically: true, encoding: .utf8)
            let read = try await run(
                "/usr/bin/python3",
                [
                    "-c",
                    """
                    import sys, html.parser
                    class P(html.parser.HTMLParser):
                        rows, depth = 0, []
                        def handle_starttag(s, t, a):
                            if t not in ("meta",): s.depth.append(t)
                            if ("class", "request") in a: P.rows += 1
                            assert t not in ("script", "link", "img"), t
                        def handle_endtag(s, t): assert s.depth.pop() == t, t
                    p = P(); p.feed(open(sys.argv[1]).read()); p.close(); assert not p.depth; print(P.rows)
                    """, "\(folder)/page.html",
                ])
            #expect(read.output == "\(made)\n", "\(read.output)\n\(html.prefix(400))")
            await site.stop()
        }
    }

    @Test("of a failed job shows what happened, with what an agent or a firmware said made harmless")
    func escaping() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try await site.control(#"{"do":"hold","phase":"before","method":"GenerateKeyPair"}"#)
            let agent = try site.beginSync(name: "ws-1.corp.example.test")
            try await site.control(#"{"do":"awaitHeld"}"#)
            let cancelled = try await site.console("jobs", "cancel", "2", "--reason", "<script>alert(1)</script>")
            #expect(cancelled.status == 0, "\(cancelled.output)")
            try await site.control(#"{"do":"release"}"#)
            #expect(await agent.ended() == 31, "\(agent.printed)")
            let html = try await site.console("jobs", "show", "2", "--html").output
            #expect(html.contains("&lt;script&gt;alert(1)") && !html.contains("<script"), "\(html)")
            await site.stop()
        }
    }

    @Test("a cancelled job changes no name, leaves no account, and can go on after all")
    func cancels() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let before = try await site.control(#"{"do":"state"}"#)["hostName"] as? String
            try await site.control(#"{"do":"hold","phase":"after","method":"AddCertificate"}"#)
            let agent = try site.beginSync(name: "ws-1.corp.example.test")
            try await site.control(#"{"do":"awaitHeld"}"#)
            #expect(try await site.console("jobs", "cancel", "2", "--reason", "wrong ticket").status == 0)
            try await site.control(#"{"do":"release"}"#)
            #expect(await agent.ended() == 31, "\(agent.printed)")
            #expect(agent.printed.contains("wrong ticket"), "\(agent.printed)")
            let page = try await site.console("jobs", "show", "2").output
            #expect(page.contains("failed") && page.contains("jobs retry"), "\(page)")
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["hostName"] as? String == before)
            #expect((state["users"] as? [Any])?.isEmpty == true, "\(state)")
            #expect(try await site.console("jobs", "cancel", "2").status != 0, "it has ended")

            let again = try await site.sync(name: "ws-1.corp.example.test")
            #expect(again.status == 0, "\(again.output)\n\(site.server.printed)")
            let whole = try await site.control(#"{"do":"state"}"#)
            #expect(whole["hostName"] as? String == "ws-1")
            #expect((whole["certificates"] as? [Any])?.count == 1, "\(whole)")
            #expect((whole["keys"] as? [Any])?.count == 1, "\(whole)")
            await site.stop()
        }
    }

    @Test("a job that has committed is not cancelled: it goes forward")
    func tooLate() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try await site.control(#"{"do":"hold","phase":"before","method":"CommitChanges"}"#)
            let agent = try site.beginSync(name: "ws-1.corp.example.test")
            try await site.control(#"{"do":"awaitHeld"}"#)
            let refused = try await site.console("jobs", "cancel", "2")
            #expect(refused.status != 0 && refused.output.contains("cannot be taken back"), "\(refused.output)")
            try await site.control(#"{"do":"release"}"#)
            #expect(await agent.ended() == 0, "\(agent.printed)")
            await site.stop()
        }
    }
}
