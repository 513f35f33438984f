import Fleet
import Foundation
import TestKit
import Testing
import Vocabulary

/// Machines up to AMT 10, set up by PID and PPS: the real server against the simulator's firmware.
@Suite("Set-up by a pre-shared key", .serialized)
struct PreSharedKeyTests {
    /// The worked example of the maker's guide.
    static let pid = "0000-037M"
    static let pps = "NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XJ"
    static let plain = pps.filter { $0 != "-" }
    static let password = "P@ssw0rd-of-MEBx-1"
    /// Another pair that is one.
    static let otherPPS = String(repeating: "AAAF", count: 8)

    /// A server and a machine that holds the key; the server does not know the key yet.
    static func withSite(
        _ personality: String, password: String? = password, _ body: (Site, String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try "\(pps)\n\(password ?? "")\n".write(toFile: "\(folder)/key", atomically: true, encoding: .utf8)
            let site = try await Site(
                in: folder, simulator: ["--personality", personality, "--psk", "\(pid):\(folder)/key"],
                provisions: false)
            try await awaitNote(site, "0000-037M is not in this server's list")
            try await body(site, folder)
            expectNoSecret(site.server.printed)
            await site.stop()
        }
    }

    static func awaitNote(_ site: Site, machine: String = Site.machine, _ words: String) async throws {
        var last = ""
        let deadline = ContinuousClock.now + .seconds(60)
        while !last.contains(words) {
            if ContinuousClock.now > deadline { throw Unexpected("no '\(words)': \(last)\n\(site.server.printed)") }
            last = try await site.console("devices", "show", machine, "--json").output
        }
        expectNoSecret(last)
    }

    static func expectNoSecret(_ text: String) {
        for word in ["NKLD", "G5DC", plain, password, otherPPS] { #expect(!text.contains(word), "\(text)") }
    }

    /// Takes the key into the server's list, and lets the machine be provisioned, old TLS allowed.
    static func provision(_ site: Site, _ folder: String, job: String = "1") async throws {
        try "pid,pps,password\n\(pid),\(pps),\(password)\n".write(
            toFile: "\(folder)/list.csv", atomically: true, encoding: .utf8)
        let taken = try await site.console("psk", "import", "\(folder)/list.csv")
        try #require(taken.status == 0, "\(taken.output)")
        expectNoSecret(taken.output)
        #expect(try await site.console("devices", "legacy-tls", Site.machine, "allow").status == 0)
        #expect(try await site.console("devices", "retry", Site.machine).status == 0)
    }

    @Test(
        "from a hello with an unknown PID to a managed machine, a rename in place and one by partial unprovisioning",
        arguments: ["3.2", "7.1", "9.1"])
    func roads(personality: String) async throws {
        try await Self.withSite(personality) { site, folder in
            #expect(try site.requests().isEmpty)
            try "pid;pps;password\n\(Self.pid);\(Self.pps);\(Self.password)\n".write(
                toFile: "\(folder)/list.csv", atomically: true, encoding: .utf8)
            let taken = try await site.console("psk", "import", "\(folder)/list.csv")
            try #require(taken.status == 0, "\(taken.output)")
            let unused = try await site.console("psk", "list").output
            #expect(unused.contains("0000-037M  unused"), "\(unused)")

            // TLS 1.0 and 1.1 never by default, also not for a key.
            #expect(try await site.console("devices", "retry", Site.machine).status == 0)
            let old = try await site.end(of: "1")
            #expect(old.contains("wsman.tls-too-old"), "\(old)")
            #expect(try site.requests().isEmpty, "nothing was sent")
            #expect(try await site.console("devices", "legacy-tls", Site.machine, "allow").status == 0)
            #expect(try await site.console("devices", "retry", Site.machine).status == 0)
            try await site.awaitStage("managed")

            let used = try await site.console("psk", "list").output
            #expect(used.contains("used 2") && used.contains(Site.machine), "\(used)")
            Self.expectNoSecret(unused + used)
            let shown = try await site.console("devices", "show", Site.machine).output
            #expect(shown.firstMatch(of: /pre-shared key +0000-037M/) != nil, "\(shown)")
            let users = try site.requests().compactMap { $0["user"] as? String }
            #expect(users.first == "admin", "\(users)")

            #expect(try await site.console("devices", "rename", Site.machine, "ws-1.corp.example.test").status == 0)
            let renamed = try await site.end(of: "2")
            #expect(renamed.contains(#""state":"done""#), "\(renamed)")
            // The key is still in the firmware, and still this machine's.
            let begun = try await site.console(
                "devices", "reprovision", Site.machine, "--name", "ws-2.corp.example.test")
            try #require(begun.status == 0, "\(begun.output)")
            let end = try await site.end(of: "3")
            #expect(end.contains(#""state":"done""#), "\(end)")
            Self.expectNoSecret(old + renamed + end)
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["hostName"] as? String == "ws-2")
            #expect((state["certificates"] as? [Any])?.count == 1 && (state["keys"] as? [Any])?.count == 1, "\(state)")
            let verified = try await run(
                "/usr/bin/openssl",
                [
                    "s_client", "-connect", "\(site.address):16993", "-cipher", "DEFAULT:@SECLEVEL=0", "-CAfile",
                    "\(folder)/server/authority.pem", "-verify_return_error", "-verify_hostname",
                    "ws-2.corp.example.test",
                ])
            #expect(verified.status == 0, "\(verified.output)")
        }
    }

    @Test("a list with another PPS ends the job with words for a person; the right one, taken in its place, goes on")
    func otherKey() async throws {
        try await Self.withSite("9.1") { site, folder in
            let list = "\(folder)/list.csv"
            try "\(Self.pid),\(Self.otherPPS)\n".write(toFile: list, atomically: true, encoding: .utf8)
            let taken = try await site.console("psk", "import", list)
            #expect(taken.status == 0 && taken.output.contains("1 without a password"), "\(taken.output)")
            #expect(try await site.console("devices", "legacy-tls", Site.machine, "allow").status == 0)
            #expect(try await site.console("devices", "retry", Site.machine).status == 0)
            let page = try await site.end(of: "1")
            #expect(page.contains("psk.refused") && page.contains("psk remove"), "\(page)")
            Self.expectNoSecret(page)
            #expect(try site.requests().isEmpty, "nothing was sent")
            #expect(try await site.console("psk", "list").output.contains("unused"), "a key that nobody proved is used")

            #expect(try await site.console("psk", "remove", Self.pid).status == 0)
            try "\(Self.pid),\(Self.pps),\(Self.password)\n".write(toFile: list, atomically: true, encoding: .utf8)
            #expect(try await site.console("psk", "import", list).status == 0)
            #expect(try await site.console("devices", "retry", Site.machine).status == 0)
            try await site.awaitStage("managed")
            let export = "\(folder)/server/recovery/\(Site.machine).recovery"
            let sealed = try await site.console("recovery", "open", export).output
            #expect(sealed.contains("psk:0000037M") && !sealed.contains("NKLD"), "\(sealed)")
            #expect(try await site.console("recovery", "open", export, "--reveal").output.contains(Self.plain))
            let kept = try await site.console("psk", "remove", Self.pid)
            #expect(kept.status == 65 && kept.output.contains("psk.taken"), "\(kept.output)")
        }
    }

    @Test("a wrong MEBx password in the list is tried once and said; one of first-login.passwords opens it")
    func otherPassword() async throws {
        try await Self.withSite("9.1") { site, folder in
            let list = "\(folder)/list.csv"
            try "\(Self.pid),\(Self.pps),Not-the-0ne\n".write(toFile: list, atomically: true, encoding: .utf8)
            #expect(try await site.console("psk", "import", list).status == 0)
            #expect(try await site.console("devices", "legacy-tls", Site.machine, "allow").status == 0)
            #expect(try await site.console("devices", "retry", Site.machine).status == 0)
            let page = try await site.end(of: "1")
            #expect(page.contains("wsman.authentication-refused") && page.contains("first-login.passwords"), "\(page)")
            let requests = try site.requests()
            let logins = requests.count { $0["status"] as? Int == 401 }
            #expect(logins == 2, "challenge and refusal, and no second try: \(requests)")
            try await site.crashServer {
                let path = "\(folder)/server/first-login.passwords"
                try Self.password.write(toFile: path, atomically: true, encoding: .utf8)
                chmod(path, 0o600)
            }
            #expect(try await site.console("devices", "retry", Site.machine).status == 0)
            try await site.awaitStage("managed")
        }
    }

    @Test("another machine that greets with a used PID is left staged and told apart; version 1 is heard too")
    func twice() async throws {
        try await Self.withSite("9.1") { site, folder in
            try await Self.provision(site, folder)
            try await site.awaitStage("managed")
            let other = "04030201-0605-0807-090a-0b0c0d0e0f10"
            let hello: [UInt8] = [0, 0, 2, 0, 0, 0, 0, 0] + [UInt8](1...16) + Array("0000037M".utf8)
            _ = try sendPieces([hello], to: site.serverAddress, port: 9971, from: site.net + ".201")
            try await Self.awaitNote(site, machine: other, "has set up \(Site.machine), and now \(other) has it")
            let older: [UInt8] = [1, 0, 2, 0, 0, 0] + [UInt8](2...17) + Array("AAAAAAAN".utf8)
            _ = try sendPieces([Array(older.prefix(29)), Array(older.suffix(1))], to: site.serverAddress, port: 9971)
            try await Self.awaitNote(
                site, machine: "05040302-0706-0908-0a0b-0c0d0e0f1011", "AAAA-AAAN is not in this server's list")
            let jobs = try await site.console("jobs", "list").output
            #expect(jobs.split(separator: "\n").count == 2, "a job was begun: \(jobs)")
            // Asked for by a person, it is refused before anything is sent, and by the store as well.
            #expect(try await site.console("devices", "retry", other).status == 0)
            let page = try await site.end(of: "2")
            #expect(page.contains(#""state":"failed""#) && page.contains("psk.taken"), "\(page)")
        }
    }

    @Test(
        "a server that is killed around the commit, or around the unprovisioning, is followed by one that ends the job",
        arguments: [("CommitChanges", "before"), ("CommitChanges", "after"), ("PartialUnprovision", "after")])
    func killed(method: String, phase: String) async throws {
        try await Self.withSite("9.1") { site, folder in
            let hold = "{\"do\":\"hold\",\"phase\":\"\(phase)\",\"method\":\"\(method)\"}"
            let job = method == "CommitChanges" ? "1" : "2"
            if job == "1" { try await site.control(hold) }
            try await Self.provision(site, folder)
            if job == "2" {
                try await site.awaitStage("managed")
                try await site.control(hold)
                #expect(
                    try await site.console("devices", "reprovision", Site.machine, "--name", "ws-2.corp.example.test")
                        .status == 0)
            }
            try await site.control(#"{"do":"awaitHeld"}"#)
            try await site.crashServer {
                try await site.control("{\"do\":\"release\",\"lost\":\(phase == "before")}")
            }
            let page = try await site.end(of: job)
            #expect(page.contains(#""state":"done""#), "\(page)")
            let state = try await site.control(#"{"do":"state"}"#)
            #expect((state["certificates"] as? [Any])?.count == 1 && (state["keys"] as? [Any])?.count == 1, "\(state)")
        }
    }

    @Test("keys are sealed with the master key, and outlive its rotation")
    func rotation() async throws {
        try await Self.withSite("9.1") { site, folder in
            try "\(Self.pid),\(Self.pps),\(Self.password)\n".write(
                toFile: "\(folder)/list.csv", atomically: true, encoding: .utf8)
            #expect(try await site.console("psk", "import", "\(folder)/list.csv").status == 0)
            for file in ["store.sqlite", "store.sqlite-wal"] {
                let bytes = try Data(contentsOf: URL(filePath: "\(folder)/server/\(file)"))
                #expect(
                    bytes.firstRange(of: Data(Self.plain.utf8)) == nil
                        && bytes.firstRange(of: Data(Self.password.utf8)) == nil)
            }
            let rotated = try await site.console("keys", "rotate")
            #expect(rotated.status == 0 && rotated.output.contains("1 secrets sealed anew"), "\(rotated.output)")
            #expect(try await site.console("devices", "legacy-tls", Site.machine, "allow").status == 0)
            #expect(try await site.console("devices", "retry", Site.machine).status == 0)
            try await site.awaitStage("managed")
        }
    }
}

extension PreSharedKeyTests {
    @Test("keys are made into a setup.bin or a list, mode 0600, and another server takes either")
    func made() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, provisions: false)
            for (name, layout) in [("setup.bin", "1"), ("keys.csv", "2"), ("other.bin", "4")] {
                let file = "\(folder)/\(name)"
                let made = try await site.console("psk", "make", "20", "--output", file, "--layout", layout)
                try #require(made.status == 0, "\(made.output)")
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let again = try await site.console("psk", "make", "1", "--output", file)
                #expect(again.status == 78 && again.output.contains("left as it is"), "\(again.output)")
                let twice = try await site.console("psk", "import", file)
                #expect(
                    twice.status == 65 && twice.output.contains("20 of the keys are there already"), "\(twice.output)")
            }
            #expect(try Data(contentsOf: URL(filePath: "\(folder)/setup.bin")).count == 21 * 512)
            let listed = try await site.console("psk", "list").output
            #expect(listed.split(separator: "\n").count == 61, "\(listed)")

            let heir = "\(folder)/heir"
            try FileManager.default.createDirectory(atPath: heir, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "\(folder)/server/master.key", toPath: "\(heir)/master.key")
            #expect(try await site.console("backup", "--output", "\(heir)/store.sqlite").status == 0)
            for line in listed.split(separator: "\n").dropFirst() {
                let pid = String(line.prefix(9))
                #expect(try await run("namesake-server", ["psk", "remove", pid, "--folder", heir]).status == 0)
            }
            for name in ["setup.bin", "keys.csv", "other.bin"] {
                let taken = try await run("namesake-server", ["psk", "import", "\(folder)/\(name)", "--folder", heir])
                #expect(taken.status == 0 && taken.output.contains("taken   20 keys"), "\(taken.output)")
                #expect(!taken.output.contains("without a password"))
            }
            let pids = try await run("namesake-server", ["psk", "list", "--folder", heir]).output
            #expect(
                Set(pids.matches(of: /(?m)^\S{4}-\S{4}/).map(\.output))
                    == Set(listed.matches(of: /(?m)^\S{4}-\S{4}/).map(\.output)))
            await site.stop()
        }
    }

    @Test("files that are cut off, mistyped, repeat a key or hold none are refused as a whole, with what to do")
    func badFiles() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, provisions: false)
            let whole = "\(folder)/setup.bin"
            #expect(try await site.console("psk", "make", "3", "--output", whole).status == 0)
            let bytes = try Data(contentsOf: URL(filePath: whole))
            let line = "\(Self.pid),\(Self.pps)\n"
            let files: [(String, Data, String, String)] = [
                ("cut.bin", bytes.prefix(1700), "psk.file-unreadable", "holds 3 records, and ends in number 3"),
                ("short.bin", bytes.prefix(10), "psk.file-unreadable", "does not begin"),
                ("empty.bin", Data(), "psk.file-unreadable", "empty"),
                ("none.bin", bytes.prefix(28) + Data(count: 484), "psk.file-unreadable", "holds no PID and PPS"),
                (
                    "typed.csv", Data("\(line)0000-037N,\(Self.pps)\n".utf8), "psk.key-unfit",
                    "line 2: the PID 0000-037N"
                ),
                ("group.csv", Data("\(Self.pid),NKLE\(Self.pps.dropFirst(4))\n".utf8), "psk.key-unfit", "group 1 of 8"),
                ("twice.csv", Data((line + line).utf8), "psk.duplicate", "0000-037M more than once"),
            ]
            for (name, data, code, words) in files {
                try data.write(to: URL(filePath: "\(folder)/\(name)"))
                let refused = try await site.console("psk", "import", "\(folder)/\(name)")
                #expect(refused.status == 65, "\(name): \(refused.output)")
                #expect(refused.output.contains(code) && refused.output.contains(words), "\(name): \(refused.output)")
                #expect(refused.output.contains("Nothing was taken"), "\(name): \(refused.output)")
                Self.expectNoSecret(refused.output)
            }
            let missing = try await site.console("psk", "import", "\(folder)/nowhere")
            #expect(missing.status == 65 && missing.output.contains("cannot read"), "\(missing.output)")
            let unknown = try await site.console("psk", "remove", Self.pid)
            #expect(unknown.status == 65 && unknown.output.contains("psk.unknown"), "\(unknown.output)")
            #expect(
                try await site.console("psk", "list").output.split(separator: "\n").count == 4, "something was taken")
            await site.stop()
        }
    }
}
