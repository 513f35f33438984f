import Foundation
import TestKit
import Testing

/// What a firmware, or somebody in its place, may do wrong in the middle of a rename.
@Suite("A firmware that misbehaves", .serialized)
struct BadFirmwareTests {
    @Test("with another password for our account is tried with two nonces and no more, and the job says what to do")
    func wrongPassword() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try await site.crashServer()  // no nonce is remembered, as on a server just started
            try await site.control(#"{"do":"setDigestPassword","value":"nsk-1"}"#)
            let before = try site.requests().count
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 31, "\(synced.output)")
            #expect(synced.output.contains("wsman.authentication-refused"))
            let statuses = try site.requests().dropFirst(before).map { $0["status"] as? Int }
            // The first nonce may have been lost between its challenge and the answer; a second one is not.
            #expect(statuses == [401, 401, 401], "one challenge, two tries of the one password")
            let jobs = try await site.console("jobs", "show", "2")
            #expect(jobs.output.contains("what to do"))
            #expect(
                try await site.control(#"{"do":"state"}"#)["hostOSFQDN"] as? String == "ws-1.corp.example.test",
                "the agent restores the true name all the same")
            await site.stop()
        }
    }

    @Test("whose nonces expire after one use is asked once more with each fresh one")
    func expiredNonce() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, simulator: ["--nonce-uses", "1"])
            let before = try site.requests().count
            #expect(try await site.sync(name: "ws-2.corp.example.test").status == 0)
            let statuses = try site.requests().dropFirst(before).map { $0["status"] as? Int }
            #expect(statuses.filter { $0 == 401 }.count == 13, "each nonce answers once: \(statuses)")
            #expect(statuses.filter { $0 == 200 }.count == 13)
            await site.stop()
        }
    }

    @Test("that presents another certificate than the pinned one is sent nothing")
    func notPinned() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try await site.control(#"{"do":"wrongCertificate","on":true}"#)
            let before = try site.requests().count
            let synced = try await site.sync(name: "ws-3.corp.example.test")
            #expect(synced.status == 31, "\(synced.output)")
            #expect(synced.output.contains("wsman.peer-not-trusted"))
            let words = try #require(synced.output.firstMatch(of: #/nothing was sent: (.*)/#)).1
            let pins = words.matches(of: #/[0-9a-f]{64}/#).map { String($0.0) }
            let record = try await site.console("devices", "show", Site.machine, "--json").output
            #expect(pins.count == 2 && pins.first != pins.last, "both keys are named: \(synced.output)")
            #expect(record.contains("\"pin\":\"\(pins.first ?? "")\""), "the first is the record's")
            let shown = try await run("/bin/sh", ["-c", Self.presentedPin(site)])
            #expect(shown.output.contains(pins.last ?? "none"), "the second is what openssl sees: \(shown.output)")
            #expect(synced.output.contains("Compare the two keys"))
            #expect(try site.requests().count == before, "something was sent to an unpinned peer")
            // The machine is itself again: the next run mends it.
            try await site.control(#"{"do":"wrongCertificate","on":false}"#)
            #expect(try await site.sync(name: "ws-3.corp.example.test").status == 0)
            try await CrashTests.expectWholeDevice(site, "ws-3.corp.example.test", "after the impostor")
            await site.stop()
        }
    }

    private static func presentedPin(_ site: Site) -> String {
        """
        openssl s_client -connect \(site.address):16993 </dev/null 2>/dev/null | openssl x509 -pubkey -noout \\
        | openssl pkey -pubin -outform der | openssl sha256
        """
    }

    @Test("that answers with web pages is asked again, and after three the job stops with the page's head")
    func html() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try await site.control(#"{"do":"fault","kind":"html","request":3}"#)
            #expect(try await site.sync(name: "ws-0.corp.example.test").status == 0)
            for _ in 0..<3 { try await site.control(#"{"do":"fault","kind":"html"}"#) }
            let synced = try await site.sync(name: "ws-4.corp.example.test")
            #expect(synced.status == 31, "\(synced.output)")
            #expect(synced.output.contains("HTML"))
            #expect(try await site.sync(name: "ws-4.corp.example.test").status == 0)
            try await CrashTests.expectWholeDevice(site, "ws-4.corp.example.test", "after a web page")
            await site.stop()
        }
    }

    @Test(
        "that answers with two megabytes, chunks without end, a byte now and then or half a chunk is given up in time, and looked at",
        arguments: ["long", "endless", "drip", "resetMidChunk"])
    func floods(kind: String) async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try site.configure("answerSeconds", 5)
            try await site.crashServer()
            try await site.control(#"{"do":"fault","kind":"\#(kind)","method":"GenerateKeyPair"}"#)
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)")
            let page = try await site.console("jobs", "show", "2", "--json").output
            let isLost = ["drip", "resetMidChunk"].contains(kind)
            #expect(page.contains(isLost ? "firmware-unreachable" : "longer than 1048576 bytes"), "\(page)")
            try await CrashTests.expectWhole(site, "ws-1.corp.example.test", "\(kind)")
            await site.stop()
        }
    }

    @Test("that answers with two megabytes again and again ends its job, with the limit and what to look for")
    func long() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            for _ in 0..<3 { try await site.control(#"{"do":"fault","kind":"long","method":"GetUuid"}"#) }
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 31 && synced.output.contains("longer than 1048576 bytes"), "\(synced.output)")
            let page = try await site.console("jobs", "show", "2").output
            #expect(page.contains(/what to do +Check that the address belongs to an AMT firmware/), "\(page)")
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            try await CrashTests.expectWholeDevice(site, "ws-1.corp.example.test", "after long answers")
            await site.stop()
        }
    }

    @Test("that drops the connection anywhere is taken up again, and the job ends right")
    func drops() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            #expect(try await site.sync(name: "ws-0.corp.example.test").status == 0)
            for (place, kind) in [
                (1, "dropAfter"), (4, "dropBefore"), (5, "dropAfter"), (8, "dropAfter"), (9, "dropAfter"),
                (10, "dropBefore"), (10, "dropAfter"), (14, "dropAfter"),
            ] {
                let name = "ws-\(kind.lowercased())-\(place).corp.example.test"
                try await site.control(#"{"do":"fault","kind":"\#(kind)","request":\#(place)}"#)
                let synced = try await site.sync(name: name)
                #expect(synced.status == 0, "\(kind) \(place): \(synced.output)\n\(site.server.printed)")
                try await CrashTests.expectWhole(site, name, "\(kind) \(place)")
            }
            await site.stop()
        }
    }
}

extension CrashTests {
    /// As ``expectWhole(_:_:_:)``, where an earlier job may have failed.
    static func expectWholeDevice(_ site: Site, _ name: String, _ comment: Comment) async throws {
        let state = try await site.control(#"{"do":"state"}"#)
        #expect(state["hostName"] as? String == String(name.prefix { $0 != "." }), comment)
        #expect(state["hostOSFQDN"] as? String == name, comment)
        #expect((state["users"] as? [Any])?.count == 0, "\(comment): \(state)")
        #expect((state["certificates"] as? [Any])?.count == 1, "\(comment): \(state)")
    }
}
