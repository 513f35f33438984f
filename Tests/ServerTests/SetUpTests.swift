import Certificates
import Fleet
import Foundation
import Provisioning
import StorageSQLite
import TestKit
import Testing
import Vocabulary

/// What set-up gives a firmware besides its name: MEBx password, users, time, and the proof of a one-time password.
@Suite("Set-up between real processes", .serialized)
struct SetUpTests {
    static let machine = MachineID(Site.machine)

    /// A site whose server was configured before it has done anything to the machine.
    static func site(
        in folder: String, configuration: [String: Any] = [:], simulator: [String] = [],
        _ before: (SQLiteStore, Vault) async throws -> Void = { _, _ in }
    ) async throws -> Site {
        let site = try await Site(
            in: folder, simulator: ["--hold", "before:GetUuid"] + simulator, provisions: false)
        try await site.control(#"{"do":"awaitHeld"}"#)
        try await site.crashServer {
            for (member, value) in configuration { try site.configure(member, value) }
            try await before(try store(folder), try vault(folder))
            try await site.control(#"{"do":"release","lost":true}"#)
        }
        return site
    }

    static func store(_ folder: String) throws -> SQLiteStore { try SQLiteStore(path: "\(folder)/server/store.sqlite") }

    static func vault(_ folder: String) throws -> Vault {
        let bytes = try Data(contentsOf: URL(filePath: "\(folder)/server/master.key"))
        return Vault(keys: VaultKeys(try KeyRing(filed: Secret(Array(bytes)))), store: try store(folder))
    }

    static func digest(of secret: Secret) -> String { secret.reveal { Digest.sha256($0) }.hexadecimal }

    static func methods(_ site: Site) throws -> [String] {
        try site.requests().compactMap { ($0["action"] as? String)?.split(separator: "/").last.map(String.init) }
    }

    @Test("MEBx gets a random password that the store holds and `devices credentials` shows, where a commit wants one")
    func mebx() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, simulator: ["--wants-mebx-password"])
            let machine = try #require(Self.machine)
            let kept = try await Self.vault(folder).secret(.mebxPassword, of: machine)
            #expect(try await site.control(#"{"do":"state"}"#)["mebxPassword"] as? String == Self.digest(of: kept))
            let sealed = try await site.console("devices", "credentials", Site.machine)
            #expect(sealed.output.contains("MEBx") && sealed.output.contains("nsk-1"), "\(sealed.output)")
            #expect(!sealed.output.contains(kept.revealedText), "a password was shown unasked")
            let shown = try await site.console("devices", "credentials", Site.machine, "--reveal")
            #expect(shown.output.contains(kept.revealedText), "\(shown.output)")
            // Who may not read the master key sees none.
            try FileManager.default.moveItem(atPath: "\(folder)/server/master.key", toPath: "\(folder)/away")
            let refused = try await site.console("devices", "credentials", Site.machine, "--reveal")
            #expect(refused.status == 78 && !refused.output.contains(kept.revealedText), "\(refused.output)")
            await site.stop()
        }
    }

    @Test("a maker's policy that takes the MEBx password once is no obstacle to set-up again, and the first one stays")
    func mebxOnce() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(
                in: folder, simulator: ["--mebx-policy", "default-only", "--wants-mebx-password"])
            let machine = try #require(Self.machine)
            let kept = try await Self.vault(folder).secret(.mebxPassword, of: machine)
            #expect(try await site.console("devices", "reprovision", Site.machine).status == 0)
            let page = try await site.end(of: "2")
            #expect(page.contains(#""state":"done""#) && page.contains("may be set from before"), "\(page)")
            #expect(try await Self.vault(folder).secret(.mebxPassword, of: machine) == kept)
            #expect(try await site.control(#"{"do":"state"}"#)["mebxPassword"] as? String == Self.digest(of: kept))
            await site.stop()
        }
    }

    @Test("set-up that wants what a person gave MEBx gets it from the server's list, and at most once each")
    func firstLogins() async throws {
        try await withTemporaryFolder { folder in
            try "M3bx!by-hand\n".write(toFile: "\(folder)/mebx", atomically: true, encoding: .utf8)
            let simulator = ["--set-up-authentication", "digest-admin", "--mebx-password", "\(folder)/mebx"]
            let site = try await Self.site(in: folder, simulator: simulator)
            // Nobody told the server: it has asked with the factory's password, and waits for a person.
            let refused = try await site.end(of: "1")
            #expect(refused.contains(#""state":"failed""#) && refused.contains("first-login.passwords"), "\(refused)")
            let logins = try site.requests().filter { $0["status"] as? Int == 401 }.count
            #expect(logins == 2, "challenge and refusal, and no second try: \(logins)")
            let list = "\(folder)/server/first-login.passwords"
            try await site.crashServer {
                try "Wr0ng!one\nM3bx!by-hand\nN3ver!asked\n".write(toFile: list, atomically: true, encoding: .utf8)
                let open = try await site.console("serve")
                #expect(open.status == 78 && open.output.contains("others may read"), "\(open)")
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: list)
            }
            #expect(try await site.console("jobs", "retry", "1").status == 0)
            try await site.awaitStage("managed")
            let later = try site.requests().filter { $0["status"] as? Int == 401 }.count - logins
            #expect(later <= 5, "a challenge, the factory's, the wrong one; ours and the proof's: \(later)")
            let page = try await site.console("jobs", "show", "1", "--html").output
            for text in [page, site.earlier, site.server.printed] {
                #expect(!text.contains("by-hand") && !text.contains("Wr0ng"), "\(text)")
            }
            await site.stop()
        }
    }

    @Test("MEBx stays as it is when the configuration says so, and a commit that wants a password there says that")
    func mebxLeft() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Self.site(
                in: folder, configuration: ["mebxPassword": "leave"], simulator: ["--wants-mebx-password"])
            let page = try await site.end(of: "1")
            #expect(page.contains(#""state":"failed""#) && page.contains("own MEBx password from AMT 19 on"), "\(page)")
            #expect(try await site.control(#"{"do":"state"}"#)["mebxPassword"] as? String == "")
            #expect(try await !Self.vault(folder).holds(.mebxPassword, of: #require(Self.machine)))
            await site.stop()
        }
    }

    @Test("set-up that may close before the job is done is prolonged, once, and a fresh one is not")
    func window() async throws {
        try await withTemporaryFolder { folder in
            let machine = try #require(Self.machine)
            let site = try await Self.site(in: folder) { store, _ in
                _ = try await store.change(machine) { (record: inout DeviceRecord?) in
                    record?.setUpEnds = Date().timeIntervalSince1970 + 600
                }
            }
            try await site.awaitStage("managed")
            let methods = try Self.methods(site)
            #expect(methods.filter { $0 == "ExtendProvisioningPeriod" }.count == 1, "\(methods)")
            let later = try await Self.store(folder).device(machine)
            #expect(later?.setUpEnds == nil)
            // Taken back in part, the firmware is fresh in set-up again.
            #expect(try await site.console("devices", "reprovision", Site.machine).status == 0)
            #expect(try await site.end(of: "2").contains(#""state":"done""#))
            #expect(try Self.methods(site).filter { $0 == "ExtendProvisioningPeriod" }.count == 1)
            await site.stop()
        }
    }

    @Test("users of the configuration are made with their realms, log on with the password of the store, and come back")
    func users() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Self.site(
                in: folder,
                configuration: [
                    "digestUsers": [
                        ["name": "helpdesk", "realms": ["remote-control", "general-info"]],
                        ["name": "auditor", "realms": ["event-log-reader"]],
                    ]
                ])
            try await site.awaitStage("managed")
            let machine = try #require(Self.machine)
            func realms() async throws -> [String: [Int]] {
                let users = try await site.control(#"{"do":"state"}"#)["users"] as? [[String: Any]] ?? []
                return Dictionary(
                    uniqueKeysWithValues: users.map { ($0["name"] as? String ?? "", $0["realms"] as? [Int] ?? []) })
            }
            #expect(try await realms()["helpdesk"] == [5, 13])
            #expect(try await realms()["auditor"] == [19])
            let password = try await Self.vault(folder).secret(.user("helpdesk"), of: machine)
            let name = try #require(try await Self.store(folder).device(machine)?.name)
            #expect(try await Self.logsOn("helpdesk", password, to: site, as: name, in: folder))
            #expect(try await !Self.logsOn("helpdesk", Secret("wrong"), to: site, as: name, in: folder))
            let shown = try await site.console("devices", "credentials", Site.machine).output
            #expect(shown.contains("helpdesk") && shown.contains("auditor"), "\(shown)")
            // Partial unprovisioning erases them; the job that follows makes them again.
            #expect(try await site.console("devices", "reprovision", Site.machine).status == 0)
            #expect(try await site.end(of: "2").contains(#""state":"done""#))
            #expect(try await realms()["helpdesk"] == [5, 13])
            #expect(try await Self.logsOn("helpdesk", password, to: site, as: name, in: folder))
            await site.stop()
        }
    }

    /// Asks the firmware for its web page as curl does: digest authentication of somebody else's making.
    static func logsOn(
        _ user: String, _ password: Secret, to site: Site, as name: Hostname, in folder: String
    ) async throws -> Bool {
        try "user = \"\(user):\(password.revealedText)\"\n".write(
            toFile: "\(folder)/curl.user", atomically: true, encoding: .utf8)
        let answer = try await run(
            "/usr/bin/curl",
            [
                "-sS", "--digest", "--config", "\(folder)/curl.user", "--cacert", "\(folder)/server/authority.pem",
                "--resolve", "\(name):16993:\(site.address)", "-o", "/dev/null", "-w", "%{http_code}", "-d", "x",
                "https://\(name):16993/wsman",
            ])
        // What it asks is no envelope; who asks is all that matters here.
        return answer.output != "401" && answer.status == 0
    }

    @Test("firmware that makes no keys is given them, at provisioning and at a rename, and the server keeps none")
    func addKey() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, simulator: ["--add-key-only"])
            let machine = try #require(Self.machine)
            let first = try #require(try await Self.store(folder).device(machine)?.firmware?.pin)
            #expect(try await !Self.vault(folder).holds(.firmwareKey, of: machine))
            try await site.control(#"{"do":"hold","phase":"before","method":"AddKey"}"#)
            #expect(try await site.console("devices", "rename", Site.machine, "ws-1.corp.example.test").status == 0)
            try await site.control(#"{"do":"awaitHeld"}"#)
            // Killed with the key on its way: the same one is given again.
            let kept = try await Self.vault(folder).secret(.firmwareKey, of: machine)
            try await site.crashServer { try await site.control(#"{"do":"release","lost":true}"#) }
            let page = try await site.end(of: "2")
            #expect(page.contains(#""state":"done""#) && page.contains("the server made one"), "\(page)")
            let pin = try #require(try await Self.store(folder).device(machine)?.firmware?.pin)
            #expect(pin == (try PrivateKey(pem: kept).publicKey.pin.hexadecimal) && pin != first)
            #expect(try await !Self.vault(folder).holds(.firmwareKey, of: machine))
            let state = try await site.control(#"{"do":"state"}"#)
            #expect((state["keys"] as? [Any])?.count == 1 && (state["certificates"] as? [Any])?.count == 1, "\(state)")
            await site.stop()
        }
    }

    @Test(
        "a user that firmware would refuse keeps the server from starting, by its name",
        arguments: [("admin", "the firmware's"), ("a,b", "1 to 16"), ("nsk-x", "the server's own")])
    func refusedUser(name: String, words: String) throws {
        let failure = #expect(throws: Failure.self) {
            try DigestUser.check([DigestUser(name: name, realms: [.acl])])
        }
        #expect(failure?.message.contains(name) == true && failure?.hint?.contains(words) == true)
        try DigestUser.check([DigestUser(name: "helpdesk", realms: [.acl])])
        #expect(throws: Failure.self) { try DigestUser.check([DigestUser(name: "helpdesk", realms: [])]) }
    }
}

extension SetUpTests {
    /// The machine's firmware is as the factory made it, and its record waits for a set-up that nobody has opened.
    static func factoryFresh(in folder: String) async throws -> Site {
        let site = try await Site(in: folder)
        guard try await site.console("devices", "unprovision", "--full", Site.machine).status == 0,
            try await site.end(of: "2").contains(#""state":"done""#),
            try await site.console("devices", "retry", Site.machine).status == 0
        else { throw Unexpected("\(site.server.printed)") }
        return site
    }

    static func syncFromFactory(_ site: Site, _ folder: String) throws -> Program {
        try Program(
            "namesake-agent-sync",
            [
                "--device", site.device, "--name", "ws-1.corp.example.test", "--enrolment", "\(folder)/enrolment",
                "--state-directory", "\(folder)/state", "--timeout", "180", "--start-configuration",
            ])
    }

    @Test("an agent opens the set-up with a one-time password of the server's, and the firmware proves it")
    func oneTimePassword() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Self.factoryFresh(in: folder)
            let machine = try #require(Self.machine)
            try await site.control(#"{"do":"hold","phase":"before","method":"GetUuid"}"#)
            let agent = try Self.syncFromFactory(site, folder)
            try await site.control(#"{"do":"awaitHeld"}"#)
            let given = try await Self.vault(folder).secret(.oneTimePassword, of: machine)
            try await site.control(#"{"do":"release","lost":false}"#)
            #expect(await agent.ended() == 0, "\(agent.printed)\n\(site.server.printed)")
            #expect(try await !Self.vault(folder).holds(.oneTimePassword, of: machine), "it was not used up")
            for text in [agent.printed, site.server.printed, try await site.console("jobs", "show", "3").output] {
                #expect(!text.contains(given.revealedText))
            }
            try await CrashTests.expectWhole(site, "ws-1.corp.example.test", "after a set-up that its agent opened")
            await site.stop()
        }
    }

    @Test("a firmware that shows another one-time password is left alone, and its set-up is closed")
    func otherPassword() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Self.factoryFresh(in: folder)
            let machine = try #require(Self.machine)
            try await site.control(#"{"do":"hold","phase":"before","method":"GetUuid"}"#)
            let agent = try Self.syncFromFactory(site, folder)
            try await site.control(#"{"do":"awaitHeld"}"#)
            try await Self.vault(folder).keep(Secret("another-password"), as: .oneTimePassword, of: machine, now: 0)
            try await Self.store(folder).forget(.oneTimePassword, of: machine, keepingNewest: true)
            try await site.control(#"{"do":"release","lost":false}"#)
            let page = try await site.end(of: "3")
            #expect(page.contains("machine-mismatch") && page.contains("its set-up was closed"), "\(page)")
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["setUpEnds"] as? Double ?? 0 > 0)
            #expect(state["hostName"] as? String == "", "something was changed")
            agent.send(SIGTERM)
            _ = await agent.ended()
            await site.stop()
        }
    }

    @Test("a firmware that shows none although its agent was given one is held, until a person vouches for it")
    func noPassword() async throws {
        try await withTemporaryFolder { folder in
            let machine = try #require(Self.machine)
            let site = try await Self.site(in: folder) { _, vault in
                _ = try await vault.writeAhead(.oneTimePassword, of: machine, now: 0)
            }
            let page = try await site.end(of: "1")
            #expect(page.contains("machine-mismatch") && page.contains("shows no one-time password"), "\(page)")
            #expect(page.contains("devices retry"), "\(page)")
            #expect(try await site.console("devices", "retry", Site.machine).status == 0)
            try await site.awaitStage("managed")
            await site.stop()
        }
    }
}
