import Certificates
import Fleet
import Foundation
import Provisioning
import StorageSQLite
import TestKit
import Testing
import Vocabulary

@Suite("Upkeep between real processes", .serialized)
struct UpkeepTests {
    /// Changes values of the server's configuration; for the next start.
    static func configure(_ folder: String, _ values: [String: Any]) throws {
        let url = URL(filePath: "\(folder)/server/configuration.json")
        var object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        object.merge(values) { $1 }
        try JSONSerialization.data(withJSONObject: object).write(to: url)
    }

    static func users(_ site: Site) async throws -> [String] {
        let users = try await site.control(#"{"do":"state"}"#)["users"] as? [[String: Any]]
        return try #require(users).compactMap { $0["name"] as? String }
    }

    @Test("an account past its end is removed by itself, as itself, and the list said until when it would live")
    func ended() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            #expect(try await Self.users(site) == ["nsk-1"])
            let listed = try await site.console("accounts", "list").output
            #expect(listed.firstMatch(of: #/nsk-1 +\d+ +20\d\d-\d\d-\d\dT\S+ +good/#) != nil, "\(listed)")
            let machine = try #require(MachineID(Site.machine))
            let count = try site.requests().count
            try Self.configure(folder, ["upkeepEverySeconds": 1])
            try await site.crashServer {
                let store = try SQLiteStore(path: "\(folder)/server/store.sqlite")
                _ = try await store.change(machine) { (record: inout DeviceRecord?) in
                    record?.firmware?.account?.ends = 1
                }
            }
            try await site.server.awaitLine("job done")
            #expect(try await Self.users(site).isEmpty)
            let mending = try site.requests().dropFirst(count)
            #expect(!mending.isEmpty && mending.allSatisfy { $0["user"] as? String != "admin" }, "\(mending)")
            #expect(try await !site.console("accounts", "list").output.contains("nsk-"))
            // The next rename makes one anew and takes it away.
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)")
            try await CrashTests.expectWhole(site, "ws-1.corp.example.test", "after a sweep")
            await site.stop()
        }
    }

    @Test("a sweep whose server is killed at the removal is ended by the next one", arguments: ["before", "after"])
    func killed(phase: String) async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let machine = try #require(MachineID(Site.machine))
            let store = try SQLiteStore(path: "\(folder)/server/store.sqlite")
            _ = try await store.change(machine) { (record: inout DeviceRecord?) in record?.firmware?.account?.ends = 1 }
            #expect(try await site.console("accounts", "list").output.contains("ended"))
            try await site.control(#"{"do":"hold","phase":"\#(phase)","method":"RemoveUserAclEntry"}"#)
            #expect(try await site.console("accounts", "sweep", Site.machine).status == 0)
            try await site.control(#"{"do":"awaitHeld"}"#)
            try await site.crashServer {
                try await site.control(#"{"do":"release","lost":\#(phase == "before")}"#)
            }
            let page = try await RouteTests.end(of: "2", site)
            #expect(page.contains(#""state":"done""#), "\(page)")
            #expect(try await Self.users(site).isEmpty)
            #expect(try await store.device(machine)?.firmware?.account == nil)
            #expect(try await store.sealed(.account("nsk-1"), of: machine).isEmpty)
            await site.stop()
        }
    }

    @Test("an account with our prefix that the store does not know is reported and removed")
    func unknown() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let machine = try #require(MachineID(Site.machine))
            try await site.crashServer {
                // The store is put back to before it knew of the account.
                let store = try SQLiteStore(path: "\(folder)/server/store.sqlite")
                try await store.forget(.account("nsk-1"), of: machine, keepingNewest: false)
                _ = try await store.change(machine) { (record: inout DeviceRecord?) in record?.firmware?.account = nil }
            }
            #expect(try await site.console("accounts", "sweep", Site.machine).status == 0)
            let page = try await RouteTests.end(of: "2", site)
            #expect(page.contains(#""state":"done""#) && page.contains(#"unknown\":[\"nsk-1"#), "\(page)")
            #expect(try await Self.users(site).isEmpty)
            #expect(try await site.console("devices", "show", Site.machine).output.contains("does not know: nsk-1"))
            await site.stop()
        }
    }

    @Test("a certificate near its end is renewed under an intermediate, the old one revoked, and openssl agrees")
    func renewal() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, server: ["--offline-root", "\(folder)/root.key"])
            let machine = try #require(MachineID(Site.machine))
            let store = try SQLiteStore(path: "\(folder)/server/store.sqlite")
            let before = try #require(try await store.device(machine)?.firmware)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/server").contains("authority.key"))
            try Self.configure(
                folder,
                [
                    "certificates": ["days": 740, "renewDaysBefore": 735, "digest": "sha384", "keyBits": 3072],
                    "revocationListServer": "\(site.net).245:8080",
                ])
            try await site.crashServer()
            try await site.server.awaitLine("job done")
            let after = try #require(try await store.device(machine)?.firmware)
            #expect(after.name == before.name)
            #expect(after.pin != before.pin)
            let state = try await site.control(#"{"do":"state"}"#)
            #expect((state["certificates"] as? [Any])?.count == 1 && (state["keys"] as? [Any])?.count == 1, "\(state)")
            #expect((state["users"] as? [Any])?.isEmpty == true)
            // The firmware refused the longer key, which the job says and goes on with.
            let page = try await site.console("jobs", "show", "2", "--json").output
            #expect(page.contains("refused 3072 bits"), "\(page)")

            let (old, new) = ("\(folder)/old", "\(folder)/new")
            try before.certificate.write(toFile: old, atomically: true, encoding: .utf8)
            try after.certificate.write(toFile: new, atomically: true, encoding: .utf8)
            let list = try await site.console("authority", "crl", "--output", "\(folder)/crl.der")
            #expect(list.status == 0, "\(list.output)")
            // The list that the certificate itself names says the same, and openssl finds it there by itself.
            let served = try await run(
                "/bin/sh",
                [
                    "-c",
                    "cd \(folder) && openssl x509 -in new -noout -ext crlDistributionPoints && curl -sSf -o served.der "
                        + "http://\(site.net).245:8080/authority.crl && openssl crl -inform der -in served.der -noout "
                        + "-text && openssl verify -crl_check -crl_download -partial_chain -CAfile "
                        + "server/authority.pem new",
                ])
            #expect(served.status == 0, "\(served.output)")
            #expect(served.output.contains("URI:http://\(site.net).245:8080/authority.crl"), "\(served.output)")
            let revoked = try #require(try Certificate.all(pem: before.certificate).first).serial.uppercased()
            #expect(served.output.contains(revoked) && served.output.contains("Superseded"), "\(served.output)")
            let script = """
                cd \(folder) && openssl crl -inform der -in crl.der -out crl &&
                openssl verify -crl_check -partial_chain -CAfile server/authority.pem -CRLfile crl new &&
                openssl verify -CAfile server/authority.pem old &&
                openssl x509 -in new -noout -text | grep sha384With &&
                ! openssl verify -crl_check -partial_chain -CAfile server/authority.pem -CRLfile crl old
                """
            let verified = try await run("/bin/sh", ["-c", script])
            #expect(verified.status == 0 && verified.output.contains("certificate revoked"), "\(verified.output)")
            let serial = try #require(try Certificate.all(pem: before.certificate).first).serial
            let shown = try await site.console("authority", "show").output
            #expect(shown.contains(serial) && shown.contains("superseded"), "\(shown)")
            #expect(FileManager.default.fileExists(atPath: "\(folder)/server/authority.crl"))
            // By hand too, and agents trust the server below the same root.
            #expect(try await site.console("devices", "renew", Site.machine).status == 0)
            #expect(try await RouteTests.end(of: "3", site).contains(#""state":"done""#))
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)")
            #expect(try await store.revocations().count == 3)
            await site.stop()
        }
    }
}
