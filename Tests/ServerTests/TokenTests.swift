import Foundation
import TestKit
import Testing

/// Build tokens that are used where, when or for what they are not meant.
@Suite("A build token", .serialized)
struct TokenTests {
    static let other = "04030201-0605-0807-090a-0b0c0d0e0f10"

    static func create(_ site: Site, _ file: String, _ options: [String]) async throws -> String {
        let made = try await run(
            "namesake-server",
            ["tokens", "create", "--folder", "\(site.folder)/server", "--output", "\(site.folder)/\(file)"] + options)
        guard made.status == 0, let id = made.output.firstMatch(of: /token ([0-9a-f]{12})/) else {
            throw Unexpected(made.output)
        }
        return String(id.1)
    }

    @Test("for one machine speaks for no other, and one that is used up for no further")
    func scopeAndUses() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            // A second machine, so that a use could be spent on it.
            try sendPieces(
                [BadHelloTests.hello([UInt8](1...16))], to: "\(site.serverAddress)", port: 9971, from: "\(site.net).253"
            )
            // Its job cannot go on: no chain of ours fits what it trusts.
            try await site.server.awaitLine("job failed")

            _ = try await Self.create(site, "scoped", ["--uuid", Self.other])
            func post(_ file: String, _ machine: String = Site.machine) async throws -> String {
                try await ClaimTests.post(site, folder, "ws-1.corp.example.test", machine: machine, enrolment: file)
            }
            let scoped = try await post("scoped")
            #expect(scoped.hasSuffix("\n401") && scoped.contains("is for other machines"), "\(scoped)")

            _ = try await Self.create(site, "once", ["--uses", "1", "--note", "build 7"])
            let unknown = try await post("once", "00112233-4455-6677-8899-aabbccddeeff")
            #expect(unknown.hasSuffix("\n404"), "a machine without a record is no use: \(unknown)")
            let known = try await post("once", Self.other)
            #expect(known.hasSuffix("\n200") && known.contains(#""verdict":"held""#), "\(known)")
            let used = try await post("once")
            #expect(used.hasSuffix("\n401") && used.contains("used up"), "\(used)")
            #expect(try await post("once", Self.other).hasSuffix("\n200"), "the same machine comes again")
            let listed = try await site.console("tokens", "list")
            #expect(listed.output.contains("1 of 1") && listed.output.contains("build 7"), "\(listed.output)")
            #expect(try await site.console("jobs", "list").output.contains("rename") == false)
            await site.stop()
        }
    }

    @Test("ends at its time or when it is revoked, and its text is never shown")
    func endings() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let ends = Date(timeIntervalSinceNow: 3).formatted(.iso8601)
            _ = try await Self.create(site, "short", ["--until", ends])
            let id = try await Self.create(site, "long", ["--until", "3d"])
            func post(_ file: String) async throws -> String {
                try await ClaimTests.post(site, folder, "a.elsewhere.test", enrolment: file)
            }
            #expect(try await post("long").hasSuffix("\n409"), "the token is good, the name is not")
            var answer = ""
            while !answer.hasSuffix("\n401") { answer = try await post("short") }
            #expect(answer.contains("has expired"), "\(answer)")
            #expect(try await site.console("tokens", "revoke", id).status == 0)
            let revoked = try await post("long")
            #expect(revoked.hasSuffix("\n401") && revoked.contains("was revoked"), "\(revoked)")
            #expect(try await site.console("tokens", "revoke", "feedfacecafe").status == 65)

            let text = try #require(
                try String(contentsOfFile: "\(folder)/long", encoding: .utf8).firstMatch(of: /"token" : "([^"]+)"/))
            let listed = try await site.console("tokens", "list", "--json").output
            #expect(!listed.contains(text.1) && !site.server.printed.contains(text.1))
            for wrong in [
                ["--uses", "0"], ["--uuid", "00000000-0000-0000-0000-000000000000"], ["--until", "yesterday"],
            ] {
                let refused = try await run(
                    "namesake-server",
                    ["tokens", "create", "--folder", "\(folder)/server", "--output", "\(folder)/wrong"] + wrong)
                #expect(refused.status == 64, "\(wrong): \(refused.output)")
            }
            await site.stop()
        }
    }

    @Test("that never spoke for a machine neither sees its jobs nor speaks into them")
    func crossDevice() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            _ = try await Self.create(site, "outsider", ["--uuid", Self.other])
            let claimed = try await ClaimTests.post(site, folder, "ws-9.corp.example.test")
            #expect(claimed.contains("\"verdict\":\"follow\""), "\(claimed)")
            let job = "https://\(site.serverAddress):8443/v1/jobs/2"
            #expect(try await ClaimTests.curl(folder, [job]).hasSuffix("\n200"))
            // From here on curl shows the other token.
            _ = try await ClaimTests.post(site, folder, "ws-9.corp.example.test", enrolment: "outsider")
            #expect(try await ClaimTests.curl(folder, [job]).hasSuffix("\n401"))
            for word in ["echo-written", "echo-restored"] {
                #expect(try await ClaimTests.curl(folder, ["-X", "POST", "\(job)/\(word)"]).hasSuffix("\n401"))
            }
            await site.stop()
        }
    }
}
