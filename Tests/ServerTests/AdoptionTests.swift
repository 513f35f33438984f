import Fleet
import Foundation
import TestKit
import Testing
import Vocabulary

/// A machine that another console provisioned, which here is another Namesake server.
@Suite("Adoption", .serialized)
struct AdoptionTests {
    /// The second server, to which the machine shall belong.
    struct Heir {
        let folder: String
        let server: Program

        init(_ site: Site, environment: [String] = [], _ configure: (inout [String: Any]) -> Void = { _ in })
            async throws
        {
            folder = "\(site.folder)/heir"
            let made = try await run(
                "namesake-server",
                ["init", "--folder", folder, "--domain", Site.domain, "--address", "\(site.net).252"])
            guard made.status == 0 else { throw Unexpected(made.output) }
            let path = URL(filePath: "\(folder)/configuration.json")
            guard var object = try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any] else {
                throw Unexpected("no configuration")
            }
            configure(&object)
            try JSONSerialization.data(withJSONObject: object).write(to: path)
            server = try Program(
                "/usr/bin/env", environment + [product("namesake-server"), "serve", "--folder", folder])
            try await server.awaitLine("listening for hellos")
        }

        func ask(_ words: String...) async throws -> (status: Int32, output: String) {
            try await run("namesake-server", words + ["--folder", folder])
        }

        func end(of job: String) async throws -> String {
            var page = ""
            let deadline = ContinuousClock.now + .seconds(60)
            while !["done", "failed", "held"].contains(where: { page.contains("\"state\":\"\($0)\"") }) {
                page = try await ask("jobs", "show", job, "--json").output
                if ContinuousClock.now > deadline { throw Unexpected("\(page)\n\(server.printed)") }
            }
            return page
        }

        /// The key that a person would read and accept.
        func key(_ site: Site) async throws -> String {
            let seen = try await ask("devices", "look", "--address", site.address)
            return String(try #require(seen.output.firstMatch(of: /[0-9a-f]{64}/), "\(seen.output)").output)
        }

        func adopt(_ site: Site, _ name: String, key: String? = nil, _ more: String...) async throws -> (
            status: Int32, output: String
        ) {
            var accepted = key
            if accepted == nil { accepted = try await self.key(site) }
            return try await run(
                "namesake-server",
                [
                    "devices", "adopt", Site.machine, "--folder", folder, "--address", site.address, "--name", name,
                    "--key", accepted ?? "",
                ] + more)
        }
    }

    /// What the other console called the machine.
    static var oldName: String {
        MachineID(Site.machine).map { "\(temporaryHostname(for: $0)).\(Site.domain)" } ?? ""
    }

    /// The library that gives a process another clock.
    static let otherClock = ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu/faketime/libfaketimeMT.so.1" }.first {
        FileManager.default.fileExists(atPath: $0)
    }

    /// `clock` is set in the KDC's environment.
    static func withRealm(
        clock: [String] = [], _ body: (Site, Realm, Heir) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let network = try loopbackNetwork()
            let realm = try await Realm(in: folder, at: "\(network).251", firmware: oldName, clock: clock)
            let site = try await Site(
                in: folder, network: network,
                simulator: ["--keytab", realm.firmwareKeytab, "--kerberos-admin", Realm.console])
            let heir = try await Heir(site, environment: [realm.configuration]) {
                $0["kerberos"] = ["keytab": realm.consoleKeytab]
            }
            try await body(site, realm, heir)
            await heir.server.stop()
            await site.stop()
            await realm.stop()
        }
    }

    @Test(
        "by Kerberos under the old name: an account, admin of our own, and a rename with a certificate of ours",
        .enabled(if: Realm.isThere, "krb5-kdc, krb5-admin-server or krb5-user is not installed"))
    func kerberos() async throws {
        try await Self.withRealm { site, realm, heir in
            let begun = try await heir.adopt(site, Self.oldName, "--kerberos", "--take-admin")
            #expect(begun.status == 0, "\(begun.output)")
            let adopted = try await heir.end(of: "1")
            #expect(adopted.contains(#""state":"done""#), "\(adopted)\n\(site.simulator.printed)")
            #expect(try await heir.ask("collections", "show", "staged").output.contains(Site.machine))
            let renamed = try await heir.ask("devices", "rename", Site.machine, "ws-77.corp.example.test")
            #expect(renamed.status == 0, "\(renamed.output)")
            let ended = try await heir.end(of: "2")
            #expect(ended.contains(#""state":"done""#), "\(ended)")

            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["hostName"] as? String == "ws-77")
            #expect((state["users"] as? [Any])?.count == 1, "the other console's account is left alone, ours is gone")
            #expect((state["certificates"] as? [Any])?.count == 1)
            let verified = try await run(
                "/usr/bin/openssl",
                [
                    "s_client", "-connect", "\(site.address):16993", "-CAfile", "\(heir.folder)/authority.pem",
                    "-verify_return_error", "-verify_hostname", "ws-77.corp.example.test",
                ])
            #expect(verified.status == 0, "\(verified.output)")
            let users = try site.requests().compactMap { $0["user"] as? String }
            #expect(users.count { $0 == Realm.console } == 5, "UUID, names, TLS context, account: \(users)")

            // What libcurl's own Negotiate asks for is the operating system's principal, which firmware does not have.
            try await realm.tool("/usr/bin/kinit", "-k", "-t", realm.consoleKeytab, Realm.console)
            let asked = try await run(
                "/usr/bin/env",
                [
                    realm.configuration, "/usr/bin/curl", "-sk", "--negotiate", "-u", ":", "-o", "/dev/null", "-w",
                    "%{http_code}", "--connect-to", "::\(site.address):16993", "https://\(Self.oldName):16993/wsman",
                ])
            #expect(asked.output.hasSuffix("401"), "\(asked.output)")
        }
    }

    @Test(
        "a KDC that is down is waited for",
        .enabled(if: Realm.isThere, "krb5-kdc, krb5-admin-server or krb5-user is not installed"))
    func down() async throws {
        try await Self.withRealm { site, realm, heir in
            await realm.stop()
            #expect(try await heir.adopt(site, Self.oldName, "--kerberos").status == 0)
            try await heir.server.awaitLine("kerberos.kdc-unreachable")
            try await realm.start()
            let page = try await heir.end(of: "1")
            #expect(page.contains(#""state":"done""#), "\(page)")
            #expect(page.contains("the account stays until its end date"), "admin was not asked for: \(page)")
        }
    }

    @Test(
        "keys of another version, and a principal that the KDC does not know, end the job with words for a person",
        .enabled(if: Realm.isThere, "krb5-kdc, krb5-admin-server or krb5-user is not installed"))
    func wrongKeys() async throws {
        try await Self.withRealm { site, realm, heir in
            try await realm.admin("delprinc -force HTTP/\(Self.oldName):16993")
            #expect(try await heir.adopt(site, Self.oldName, "--kerberos").status == 0)
            let unknown = try await heir.end(of: "1")
            #expect(unknown.contains("kerberos.no-ticket") && unknown.contains(#""state":"failed""#), "\(unknown)")
            #expect(try site.requests().allSatisfy { $0["user"] as? String != Realm.console })

            try await realm.admin("addprinc -randkey HTTP/\(Self.oldName):16993")
            try await realm.admin("ktadd -k \(realm.folder)/elsewhere HTTP/\(Self.oldName):16993")
            #expect(try await heir.ask("jobs", "retry", "1").status == 0)
            let refused = try await heir.end(of: "1")
            #expect(refused.contains("refuses our Kerberos ticket"), "\(refused)")
            #expect(site.simulator.printed.contains("ticket refused"))
            let state = try await site.control(#"{"do":"state"}"#)
            #expect((state["users"] as? [Any])?.count == 1, "nothing was made")
        }
    }

    @Test(
        "a firmware whose clock is more than five minutes off refuses the ticket, and the job says so",
        .enabled(if: Realm.isThere, "krb5-kdc, krb5-admin-server or krb5-user is not installed"),
        .enabled(if: otherClock != nil, "libfaketime is not installed"))
    func skewed() async throws {
        // The realm's time is the servers'; a firmware that is six minutes behind it is as far off.
        let library = try #require(Self.otherClock)
        try await Self.withRealm(clock: ["LD_PRELOAD=\(library)", "FAKETIME=+6m"]) { site, _, heir in
            #expect(try await heir.adopt(site, Self.oldName, "--kerberos").status == 0)
            let page = try await heir.end(of: "1")
            #expect(page.contains("wsman.authentication-refused"), "\(page)")
            #expect(page.contains("clock more than five minutes off"), "\(page)")
            #expect(site.simulator.printed.contains("ticket refused"), "\(site.simulator.printed)")
            #expect((try await site.control(#"{"do":"state"}"#)["users"] as? [Any])?.count == 1, "nothing was made")
        }
    }

    @Test(
        "a ticket that has ended is said to have, and nothing is sent",
        .enabled(if: Realm.isThere, "krb5-kdc, krb5-admin-server or krb5-user is not installed"))
    func expired() async throws {
        try await withTemporaryFolder { folder in
            let network = try loopbackNetwork()
            let realm = try await Realm(in: folder, at: "\(network).251", firmware: Self.oldName)
            let cache = "FILE:\(folder)/short"
            try await realm.tool(
                "/usr/bin/kinit", "-k", "-t", realm.consoleKeytab, "-l", "1s", "-c", cache, Realm.console)
            let site = try await Site(in: folder, network: network)
            while try await run("/usr/bin/env", [realm.configuration, "klist", "-s", cache]).status == 0 {}
            let heir = try await Heir(site, environment: [realm.configuration]) { $0["kerberos"] = ["cache": cache] }
            let count = try site.requests().count
            #expect(try await heir.adopt(site, Self.oldName, "--kerberos").status == 0)
            let page = try await heir.end(of: "1")
            #expect(page.contains("kerberos.no-ticket") && page.lowercased().contains("expired"), "\(page)")
            #expect(try site.requests().count == count)
            await heir.server.stop()
            await site.stop()
            await realm.stop()
        }
    }

    @Test("by a digest user that a person knows, only under the key that was accepted and the name that is told")
    func digest() async throws {
        try await withTemporaryFolder { folder in
            try "P@ssw0rd-of-another-1".write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
            let site = try await Site(in: folder)
            let heir = try await Heir(site)
            // The other console's admin password, from its own recovery export.
            let exported = try await site.console(
                "recovery", "open", "\(folder)/server/recovery/\(Site.machine).recovery", "--reveal")
            let password = try #require(exported.output.firstMatch(of: /admin-password +(\S+)/), "\(exported.output)").1
            try "\(password)\n".write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
            func adopt(_ name: String, key: String) async throws -> String {
                let begun = try await run(
                    "/bin/sh",
                    [
                        "-c", "exec \"$0\" \"$@\" <'\(folder)/password'", product("namesake-server"), "devices",
                        "adopt",
                        Site.machine, "--folder", heir.folder, "--address", site.address, "--name", name, "--key", key,
                        "--user", "admin",
                    ])
                let job = try #require(begun.output.firstMatch(of: /job ([0-9]+)/), "\(begun.output)").1
                return try await heir.end(of: String(job))
            }
            let key = try await heir.key(site)
            let other = try await adopt(Self.oldName, key: String(repeating: "0", count: 64))
            #expect(other.contains("wsman.peer-not-trusted"), "\(other)")
            let misnamed = try await adopt("pc9.corp.example.test", key: key)
            #expect(misnamed.contains("the firmware is named"), "\(misnamed)")
            let adopted = try await adopt(Self.oldName, key: key)
            #expect(adopted.contains(#""state":"done""#) && adopted.contains(#"isOurs\":true"#), "\(adopted)")
            #expect(!adopted.contains(password) && !heir.server.printed.contains(password))
            #expect(try await heir.ask("devices", "rename", Site.machine, "ws-78.corp.example.test").status == 0)
            let renamed = try await heir.end(of: "4")
            #expect(renamed.contains(#""state":"done""#), "\(renamed)")
            #expect(try await site.control(#"{"do":"state"}"#)["hostName"] as? String == "ws-78")
            // Its set-up would not take this server, which is asked before anything is taken back.
            let partial = try await heir.ask("devices", "reprovision", Site.machine)
            #expect(partial.status != 0 && partial.output.contains("no-suitable-chain"), "\(partial.output)")
            try await goesBack(site, heir, folder)
            await heir.server.stop()
            await site.stop()
        }
    }

    /// The first server finds another key, takes it by no road of its own, and has the machine back when a person says so.
    private func goesBack(_ site: Site, _ heir: Heir, _ folder: String) async throws {
        let words = [
            "-c", "exec \"$0\" \"$@\" <'\(folder)/password'", product("namesake-server"), "devices", "adopt",
            Site.machine,
            "--folder", "\(folder)/server", "--address", site.address, "--name", "ws-78.corp.example.test", "--key",
            try await heir.key(site), "--user", "admin",
        ]
        #expect(try await site.console("devices", "rename", Site.machine, "ws-79.corp.example.test").status == 0)
        let stopped = try await site.end(of: "2")
        #expect(stopped.contains("wsman.peer-not-trusted") && stopped.contains("devices retire"), "\(stopped)")
        let early = try await run("/bin/sh", words)
        #expect(early.status != 0 && early.output.contains("devices retire \(Site.machine)"), "\(early.output)")
        #expect(try await site.console("devices", "retire", Site.machine).status == 0)
        let begun = try await run("/bin/sh", words)
        #expect(begun.status == 0, "\(begun.output)")
        let adopted = try await site.end(of: "3")
        #expect(adopted.contains(#""state":"done""#), "\(adopted)")
        #expect(try await site.console("devices", "rename", Site.machine, "ws-79.corp.example.test").status == 0)
        let renamed = try await site.end(of: "4")
        #expect(renamed.contains(#""state":"done""#), "\(renamed)")
        #expect(try await site.control(#"{"do":"state"}"#)["hostName"] as? String == "ws-79")
    }
}
