import Foundation
import TestKit
import Testing

/// The firmware signs, the agent carries, the server judges: real programs on both sides of both interfaces.
@Suite("A claim that the board has to sign for", .serialized)
struct BoardClaimTests {
    private static let name = "ws-1.corp.example.test"
    private static let fifteen = ["--personality", "15.0"]

    /// A managed machine whose server believes simulated processors.
    private static func withSite(
        _ extra: [String] = fifteen, policy: String? = nil, approval: String? = nil,
        _ body: (Site, _ folder: String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, simulator: extra)
            let roots = try await run("namesake-simulator", ["on-die-roots"])
            try roots.output.write(toFile: "\(folder)/server/on-die.pem", atomically: true, encoding: .utf8)
            try site.configure("onDieRoots", "on-die.pem")
            if let policy { try site.configure("boardProof", policy) }
            if let approval { try site.configure("approval", approval) }
            try await site.crashServer()
            try await body(site, folder)
            await site.stop()
        }
    }

    private static func hostName(_ site: Site) async throws -> String? {
        try await site.control(#"{"do":"state"}"#)["hostName"] as? String
    }

    @Test("is proved by signature and echo together, and the board is known from then on")
    func proved() async throws {
        try await Self.withSite { site, _ in
            let synced = try await site.sync(name: Self.name)
            #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)")
            #expect(synced.output.contains("the board's signature told to the server"))
            #expect(try await Self.hostName(site) == "ws-1")
            let page = try await site.console("jobs", "show", "2", "--json").output
            #expect(page.contains("digest,little,once") && page.contains("15.0.23.1706"), "\(page)")
            let sheet = try await site.console("jobs", "show", "2").output
            #expect(sheet.contains("board signed") && sheet.contains("firmware 15.0.23.1706"), "\(sheet)")
            let shown = try await site.console("devices", "show", Site.machine, "--json").output
            let key = try #require(shown.firstMatch(of: /"board":\{[^}]*"key":"([0-9a-f]{64})"/)?.output.1, "\(shown)")
            let asked = try site.requests().filter { ($0["action"] as? String)?.hasSuffix("AMTAuthenticate") == true }
            #expect(asked.count == 1 && asked.first?["user"] as? String == "$$OsAdmin", "\(asked)")
            #expect(try await site.sync(name: "ws-2.corp.example.test").status == 0)
            #expect(try await site.console("devices", "show", Site.machine, "--json").output.contains(key))
        }
    }

    @Test("fails without a signature where the firmware could sign, and goes on where it cannot")
    func missing() async throws {
        try await Self.withSite { site, folder in
            let before = try await Self.hostName(site)
            // As in a boot environment that was given the one program and not the other.
            let lonely = "\(folder)/namesake-agent-sync"
            try FileManager.default.copyItem(atPath: product("namesake-agent-sync"), toPath: lonely)
            let agent = try Program(
                lonely,
                [
                    "--device", site.device, "--name", Self.name, "--enrolment", "\(folder)/enrolment",
                    "--state-directory", "\(folder)/state",
                ])
            let status = await agent.ended()
            #expect(status == 31 && agent.printed.contains("provisioning.board-not-proved"), "\(agent.printed)")
            #expect(agent.printed.contains("the agent says: \(folder)/namesake-agent-local is not there"))
            #expect(try await Self.hostName(site) == before)
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["hostOSFQDN"] as? String == Self.name, "the true name is back")
            #expect((state["users"] as? [Any])?.isEmpty == true, "its account is gone")
        }
        try await Self.withSite(["--personality", "12.0"]) { site, _ in
            let synced = try await site.sync(name: Self.name)
            #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)")
        }
    }

    @Test("of firmware that cannot sign fails where every claim has to be signed")
    func required() async throws {
        try await Self.withSite(["--personality", "12.0"], policy: "required") { site, _ in
            let synced = try await site.sync(name: Self.name)
            #expect(synced.status == 31 && synced.output.contains("provisioning.board-not-proved"), "\(synced.output)")
        }
    }

    @Test("of a board that was swapped is held, and is the new board's once a person said yes")
    func swapped() async throws {
        try await Self.withSite(approval: "unproved") { site, _ in
            #expect(try await site.sync(name: Self.name).status == 0)
            try await site.control(#"{"do":"swapBoard","value":"1"}"#)
            let held = try await site.sync(name: "ws-2.corp.example.test")
            #expect(held.status == 32 && held.output.contains("another board"), "\(held.output)")
            #expect(try await Self.hostName(site) == "ws-1")
            #expect(try await site.console("jobs", "approve", "3", "--reason", "ticket 7").status == 0)
            #expect(try await site.end(of: "3").contains(#""state":"done""#))
            let next = try await site.sync(name: "ws-3.corp.example.test")
            #expect(next.status == 0, "the new board is the machine's: \(next.output)")
        }
    }

    /// An attacker with a token and the machine's operating system, who has whatever other machine signed for him.
    private struct Forger {
        var site: Site
        var folder: String
        var job = ""
        var nonce = ""

        /// Claims the name and gets the challenge.
        mutating func claim(_ name: String) async throws {
            let directive = try await ClaimTests.post(site, folder, name)
            job = String(try #require(directive.firstMatch(of: /"job":"(\d+)"/), "\(directive)").output.1)
            nonce = String(try #require(directive.firstMatch(of: /"nonce":"([^"]+)"/), "\(directive)").output.1)
        }

        /// What a machine's firmware signs, by the product's own program.
        func sign(_ nonce: String, by device: String) async throws -> String {
            let words = [
                product("namesake-agent-local"), "board-proof", "--device", device, "--enrolment",
                "\(folder)/enrolment",
            ]
            return try await run("/bin/sh", ["-c", "echo '\(nonce)' | \(words.joined(separator: " "))"]).output
                .trimmingCharacters(in: .newlines)
        }

        func post(_ proof: String) async throws -> String {
            try await ClaimTests.curl(
                folder, ["-d", proof, "https://\(site.serverAddress):8443/v1/jobs/\(job)/board-proof"])
        }

        /// Writes the echo by the machine's own interface, so that nothing but the signature is wrong.
        func echo() async throws -> String {
            let progress = try await ClaimTests.curl(folder, ["https://\(site.serverAddress):8443/v1/jobs/\(job)"])
            let echo = try #require(progress.firstMatch(of: /nsk-[0-9a-f]+[.]corp[.]example[.]test/)).output
            try await site.control(#"{"do":"setHostOSFQDN","value":"\#(echo)"}"#)
            _ = try await ClaimTests.curl(
                folder, ["-X", "POST", "https://\(site.serverAddress):8443/v1/jobs/\(job)/echo-written"])
            return try await site.end(of: job)
        }
    }

    @Test("is refused with another machine's signature, an old one, an altered one, or one under another root")
    func forged() async throws {
        try await Self.withSite { site, folder in
            let before = try await Self.hostName(site)
            let other = try Program(
                "namesake-simulator",
                [
                    "run", "--address", "\(site.net).4", "--uuid", "00112233-4455-6677-8899-aabbccddeeff",
                    "--personality", "15.0", "--host-socket", "\(folder)/other", "--seed", "2",
                    "--on-die-family", "another",
                ])
            try await other.awaitLine("ready")
            let elsewhere = "unix:\(folder)/other"
            var forger = Forger(site: site, folder: folder)
            var old = ""
            typealias Forgery = (name: String, words: String, proof: (Forger) async throws -> String)
            let forgeries: [Forgery] = [
                ("another machine", "another machine", { try await $0.sign($0.nonce, by: elsewhere) }),
                (
                    "another machine under this one's name", "does not lead to a root",
                    { forger in
                        let theirs = try await forger.sign(forger.nonce, by: elsewhere)
                        let own = try await forger.sign(forger.nonce, by: site.device)
                        var mixed = theirs
                        for field in ["uuid", "fqdn"] {
                            let pattern = try Regex(#""\#(field)":"[^"]*""#)
                            let value = try #require(own.firstMatch(of: pattern)).output[0].substring ?? ""
                            mixed = mixed.replacing(pattern, with: value)
                        }
                        return mixed
                    }
                ),
                ("an old one", "the server's nonce", { _ in old }),
                (
                    "an altered one", "another name",
                    {
                        try await $0.sign($0.nonce, by: site.device).replacing(
                            /"fqdn":"[^"]*"/, with: #""fqdn":"ws-9.corp.example.test""#)
                    }
                ),
                ("none", "there is no signature", { _ in #"{"wireVersion":1,"problem":"the dog ate it"}"# }),
            ]
            for (number, forgery) in forgeries.enumerated() {
                try await forger.claim("stolen-\(number).corp.example.test")
                if number == 0 { old = try await forger.sign(forger.nonce, by: site.device) }
                let posted = try await forger.post(try await forgery.proof(forger))
                #expect(posted.hasSuffix("\n204"), "\(forgery.name): \(posted)")
                let second = try await forger.post(try await forger.sign(forger.nonce, by: site.device))
                #expect(second.hasSuffix("\n409") && second.contains("one answer"), "\(forgery.name): \(second)")
                let page = try await forger.echo()
                #expect(page.contains(#""state":"failed""#), "\(forgery.name): \(page)")
                #expect(page.contains("provisioning.board-not-proved"), "\(forgery.name): \(page)")
                #expect(page.contains(forgery.words), "\(forgery.name): \(page)")
                #expect(try await Self.hostName(site) == before, "\(forgery.name)")
            }
            #expect(try await forger.post("{}").hasSuffix("\n400"), "no proof at all")
            #expect(try await forger.post(old).hasSuffix("\n409"), "the job has ended")
            forger.job = "999"
            #expect(try await forger.post(old).hasSuffix("\n404"))
            await other.stop()
            #expect(try await site.sync(name: Self.name).status == 0, "the true one is not in its way")
        }
    }

    @Test("roots that are none stop the start")
    func configuration() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, provisions: false)
            await site.stop()
            func refused(_ words: String) async throws {
                let outcome = try await run("namesake-server", ["serve", "--folder", "\(folder)/server"])
                #expect(outcome.status == 78 && outcome.output.contains(words), "\(outcome.output)")
            }
            func doctor() async throws -> String {
                try await run("namesake-server", ["doctor", "--folder", "\(folder)/server"]).output
            }
            #expect(try await doctor().contains("no board is asked"))
            try site.configure("boardProof", "required")
            try await refused("onDieRoots names nobody")
            try site.configure("onDieRoots", "missing.pem")
            try await refused("cannot read")
            try "nothing".write(toFile: "\(folder)/server/missing.pem", atomically: true, encoding: .utf8)
            try await refused("no certificate")
            let roots = try await run("namesake-simulator", ["on-die-roots"]).output
            let issuing = roots.split(separator: "-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"
            try String(issuing).write(toFile: "\(folder)/server/missing.pem", atomically: true, encoding: .utf8)
            try await refused("none of the 1 certificates is a root")
            #expect(try await doctor().contains("FAIL  on-die roots"))
            try roots.write(toFile: "\(folder)/server/missing.pem", atomically: true, encoding: .utf8)
            #expect(try await doctor().contains("www.intel.com OnDie CA Root (simulated)"))
        }
    }
}
