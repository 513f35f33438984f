import Fleet
import Foundation
import TestKit
import Testing
import Vocabulary

/// Adoption of each generation, and where a machine goes from there.
@Suite("Adoption by generation", .serialized)
struct AdoptionRoadsTests {
    static let old: Set = ["3.2", "7.1", "9.1", "11.8"]

    /// A machine that the site's server has provisioned, and a second server whose certificates its firmware trusts too.
    static func withHeir(
        _ personality: String, realm isThere: Bool, users: [[String: Any]] = [],
        _ body: (Site, AdoptionTests.Heir, [String]) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let network = try loopbackNetwork()
            let isOld = old.contains(personality)
            let realm =
                isThere
                ? try await Realm(in: folder, at: "\(network).251", firmware: AdoptionTests.oldName) : nil
            let tickets = realm.map { ["--keytab", $0.firmwareKeytab, "--kerberos-admin", Realm.console] } ?? []
            // The heir's root is there before its server is: the folder of one that never runs gives it.
            let heirsRoot = "\(folder)/heirs-root"
            let made = try await run(
                "namesake-server",
                ["init", "--folder", heirsRoot, "--domain", Site.domain, "--address", "\(network).252"])
            guard made.status == 0 else { throw Unexpected(made.output) }
            let site = try await Site(
                in: folder, network: network,
                simulator: ["--personality", personality, "--trust-root", "\(heirsRoot)/provisioning-root.pem"]
                    + tickets,
                provisions: !isOld)
            if !users.isEmpty {
                try site.configure("digestUsers", users)
                try await site.crashServer()
                #expect(try await site.console("devices", "reprovision", Site.machine).status == 0)
                #expect(try await site.end(of: "2").contains(#""state":"done""#))
            }
            if isOld {
                _ = try await site.end(of: "1")
                #expect(try await site.console("devices", "legacy-tls", Site.machine, "allow").status == 0)
                #expect(try await site.console("devices", "retry", Site.machine).status == 0)
                try await site.awaitStage("managed")
            }
            let heir = try await AdoptionTests.Heir(site, environment: realm.map { [$0.configuration] } ?? []) {
                $0["kerberos"] = realm.map { ["keytab": $0.consoleKeytab] }
                $0["adoption"] = ["authorities": "\(folder)/server/authority.pem"]
                for file in ["provisioning.pem", "provisioning.key", "provisioning-root.pem"] {
                    try? FileManager.default.removeItem(atPath: "\(folder)/heir/\(file)")
                    try? FileManager.default.copyItem(atPath: "\(heirsRoot)/\(file)", toPath: "\(folder)/heir/\(file)")
                }
            }
            try await body(site, heir, isOld ? ["--legacy-tls"] : [])
            await heir.server.stop()
            await site.stop()
            await realm?.stop()
        }
    }

    /// Renames it in place, then by partial unprovisioning under the heir's own certificates.
    static func go(_ site: Site, _ heir: AdoptionTests.Heir) async throws {
        #expect(try await heir.ask("devices", "rename", Site.machine, "ws-1.corp.example.test").status == 0)
        let renamed = try await heir.end(of: "2")
        #expect(renamed.contains(#""state":"done""#), "\(renamed)")
        let begun = try await heir.ask("devices", "reprovision", Site.machine, "--name", "ws-2.corp.example.test")
        #expect(begun.status == 0, "\(begun.output)")
        let again = try await heir.end(of: "3")
        #expect(again.contains(#""state":"done""#), "\(again)")
        let state = try await site.control(#"{"do":"state"}"#)
        #expect(state["hostName"] as? String == "ws-2" && (state["users"] as? [Any])?.isEmpty == true, "\(state)")
        #expect((state["certificates"] as? [Any])?.count == 1)
        let verified = try await run(
            "/usr/bin/openssl",
            [
                "s_client", "-connect", "\(site.address):16993", "-cipher", "DEFAULT:@SECLEVEL=0", "-CAfile",
                "\(heir.folder)/authority.pem", "-verify_return_error", "-verify_hostname", "ws-2.corp.example.test",
            ])
        #expect(verified.status == 0, "\(verified.output)")
    }

    @Test(
        "by Kerberos, accepted by a policy, then both routes",
        .enabled(if: Realm.isThere, "krb5-kdc, krb5-admin-server or krb5-user is not installed"),
        arguments: ["3.2", "7.1", "9.1", "11.8", "12.0", "15.0", "16.1", "18", "19"])
    func kerberos(personality: String) async throws {
        try await Self.withHeir(personality, realm: true) { site, heir, legacy in
            func adopt(_ more: [String]) async throws -> (status: Int32, output: String) {
                try await run(
                    "namesake-server",
                    [
                        "devices", "adopt", Site.machine, "--folder", heir.folder, "--address", site.address, "--name",
                        AdoptionTests.oldName, "--kerberos", "--take-admin",
                    ] + more)
            }
            if !legacy.isEmpty {
                let refused = try await adopt([])
                #expect(refused.status != 0 && refused.output.contains("wsman.tls-too-old"), "\(refused.output)")
            }
            let begun = try await adopt(legacy)
            #expect(begun.status == 0 && begun.output.contains("accepted by"), "\(begun.output)")
            let adopted = try await heir.end(of: "1")
            #expect(adopted.contains(#""state":"done""#), "\(adopted)\n\(site.simulator.printed)")
            try await Self.go(site, heir)
        }
    }

    @Test("as admin, by the key that a person accepts, then both routes", arguments: ["9.1", "18"])
    func admin(personality: String) async throws {
        try await Self.withHeir(personality, realm: false) { site, heir, legacy in
            let exported = try await site.console(
                "recovery", "open", "\(site.folder)/server/recovery/\(Site.machine).recovery", "--reveal")
            let password = try #require(exported.output.firstMatch(of: /admin-password +(\S+)/)).1
            try "\(password)\n".write(toFile: "\(site.folder)/password", atomically: true, encoding: .utf8)
            let seen = try await run(
                "namesake-server", ["devices", "look", "--folder", heir.folder, "--address", site.address] + legacy)
            let key = try #require(seen.output.firstMatch(of: /[0-9a-f]{64}/), "\(seen.output)").output
            let begun = try await run(
                "/bin/sh",
                [
                    "-c", "exec \"$0\" \"$@\" <'\(site.folder)/password'", product("namesake-server"), "devices",
                    "adopt",
                    Site.machine, "--folder", heir.folder, "--address", site.address, "--name", AdoptionTests.oldName,
                    "--key", String(key), "--user", "admin",
                ] + legacy)
            #expect(begun.status == 0, "\(begun.output)")
            let adopted = try await heir.end(of: "1")
            #expect(adopted.contains(#""state":"done""#), "\(adopted)")
            try await Self.go(site, heir)
        }
    }

    @Test("as a digest user that is not admin: renamed in place, and partial unprovisioning is refused beforehand")
    func user() async throws {
        let users: [[String: Any]] = [["name": "helpdesk", "realms": ["pt-administration"]]]
        try await Self.withHeir("12.0", realm: false, users: users) { site, heir, _ in
            let shown = try await site.console("devices", "credentials", Site.machine, "--reveal")
            let password = try #require(shown.output.firstMatch(of: /helpdesk +(\S+)/), "\(shown.output)").1
            try "\(password)\n".write(toFile: "\(site.folder)/password", atomically: true, encoding: .utf8)
            let begun = try await run(
                "/bin/sh",
                [
                    "-c", "exec \"$0\" \"$@\" <'\(site.folder)/password'", product("namesake-server"), "devices",
                    "adopt",
                    Site.machine, "--folder", heir.folder, "--address", site.address, "--name", AdoptionTests.oldName,
                    "--user", "helpdesk",
                ])
            #expect(begun.status == 0, "\(begun.output)")
            let adopted = try await heir.end(of: "1")
            #expect(adopted.contains("the account stays until its end date"), "\(adopted)")
            #expect(try await heir.ask("devices", "rename", Site.machine, "ws-1.corp.example.test").status == 0)
            let renamed = try await heir.end(of: "2")
            #expect(renamed.contains(#""state":"done""#), "\(renamed)")
            let before = try site.requests().count
            let refused = try await heir.ask("devices", "reprovision", Site.machine)
            #expect(refused.status != 0 && refused.output.contains("no-working-account"), "\(refused.output)")
            #expect(try site.requests().count == before)
        }
    }

    @Test(
        "in client control mode, as set-up on the machine itself leaves it: in place goes, partial unprovisioning does not"
    )
    func clientMode() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try await site.control(#"{"do":"clientMode"}"#)
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            #expect(try await site.console("devices", "reprovision", Site.machine).status == 0)
            let page = try await site.end(of: "3")
            #expect(page.contains(#""state":"failed""#) && page.contains("needs admin control mode"), "\(page)")
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["provisioningState"] as? Int == 2 && state["hostName"] as? String == "ws-1", "\(state)")
            await site.stop()
        }
    }

    @Test("a firmware without a certificate in its store is not adopted, and no account is made")
    func bare() async throws {
        try await withTemporaryFolder { folder in
            try "P@ssw0rd-of-pc1\n".write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
            let site = try await Site(
                in: folder, simulator: ["--provisioned", "\(folder)/password"], provisions: false)
            let heir = try await AdoptionTests.Heir(site)
            let key = try await heir.key(site)
            let begun = try await run(
                "/bin/sh",
                [
                    "-c", "exec \"$0\" \"$@\" <'\(folder)/password'", product("namesake-server"), "devices", "adopt",
                    Site.machine, "--folder", heir.folder, "--address", site.address, "--name",
                    "pc1.\(Site.domain)", "--key", key, "--user", "admin",
                ])
            #expect(begun.status == 0, "\(begun.output)")
            let page = try await heir.end(of: "1")
            #expect(page.contains("firmware-state-unexpected") && page.contains("turn TLS on"), "\(page)")
            let users = try await site.control(#"{"do":"state"}"#)["users"] as? [Any]
            #expect(users?.isEmpty == true, "an account is left: \(users ?? [])")
            await heir.server.stop()
            await site.stop()
        }
    }

    @Test("a policy accepts no other authority's certificate and no other name's, and without one nobody is adopted")
    func policy() async throws {
        try await Self.withHeir("12.0", realm: false) { site, heir, _ in
            let before = try site.requests().count
            func adopt(_ name: String) async throws -> (status: Int32, output: String) {
                try await run(
                    "namesake-server",
                    [
                        "devices", "adopt", Site.machine, "--folder", heir.folder, "--address", site.address, "--name",
                        name, "--kerberos",
                    ])
            }
            let misnamed = try await adopt("pc9.corp.example.test")
            #expect(misnamed.status != 0 && misnamed.output.contains("wsman.peer-not-trusted"), "\(misnamed.output)")
            try FileManager.default.removeItem(atPath: "\(site.folder)/server/authority.pem")
            try FileManager.default.copyItem(
                atPath: "\(heir.folder)/authority.pem", toPath: "\(site.folder)/server/authority.pem")
            let foreign = try await adopt(AdoptionTests.oldName)
            #expect(foreign.status != 0 && foreign.output.contains("wsman.peer-not-trusted"), "\(foreign.output)")
            let path = URL(filePath: "\(heir.folder)/configuration.json")
            let text = try JSONSerialization.jsonObject(with: Data(contentsOf: path))
            var object = try #require(text as? [String: Any])
            object["adoption"] = nil
            try JSONSerialization.data(withJSONObject: object).write(to: path)
            let nobody = try await adopt(AdoptionTests.oldName)
            #expect(nobody.status == 78 && nobody.output.contains("nobody accepts"), "\(nobody.output)")
            #expect(try site.requests().count == before, "something was sent")
            #expect(try await heir.ask("devices", "list", "--json").output.contains(Site.machine) == false)
        }
    }
}
