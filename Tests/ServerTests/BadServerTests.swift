import Certificates
import Foundation
import StorageSQLite
import TestKit
import Testing
import Vocabulary

/// What may be wrong at the server itself: its disk, its provisioning certificate.
@Suite("A server in trouble", .serialized)
struct BadServerTests {
    /// Fills a file system to its last byte.
    static func fill(_ folder: String) throws {
        let file = open("\(folder)/ballast", O_WRONLY | O_CREAT, 0o600)
        defer { close(file) }
        var size = 65_536
        let bytes = [UInt8](repeating: 1, count: size)
        while size > 0 { if write(file, bytes, size) <= 0 { size /= 2 } }
    }

    @Test("whose disk is full in the middle of a job ends and says so; with room again the next one ends the job right")
    func fullDisk() async throws {
        try await withTemporaryFolder { folder in
            let server = "\(folder)/server"
            try FileManager.default.createDirectory(atPath: server, withIntermediateDirectories: false)
            guard try await run("/bin/mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", server]).status == 0 else {
                print("skipped: a small file system can be mounted by root only")
                return
            }
            defer { umount2(server, Int32(MNT_DETACH)) }
            let site = try await Site(in: folder)
            try await site.control(#"{"do":"hold","phase":"after","method":"GenerateKeyPair"}"#)
            let agent = try site.beginSync(name: "ws-1.corp.example.test", timeout: 180)
            try await site.control(#"{"do":"awaitHeld"}"#)
            try Self.fill(server)
            try await site.control(#"{"do":"release","lost":false}"#)
            #expect(await site.server.ended() == 69, "\(site.server.printed)")
            #expect(site.server.printed.contains("disk is full"), "\(site.server.printed)")
            #expect(site.server.printed.contains("Make room"), "\(site.server.printed)")
            try FileManager.default.removeItem(atPath: "\(server)/ballast")
            try await site.crashServer()
            #expect(await agent.ended() == 0, "\(agent.printed)\n\(site.server.printed)")
            try await CrashTests.expectWhole(site, "ws-1.corp.example.test", "after a full disk")
            await site.stop()
        }
    }

    @Test("whose disk is full says so of each file that a person wants, leaves no half of it, and loses no key")
    func fullForFiles() async throws {
        try await withTemporaryFolder { folder in
            let disk = "\(folder)/server"
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
            guard try await run("/bin/mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", disk]).status == 0 else {
                print("skipped: a small file system can be mounted by root only")
                return
            }
            defer { umount2(disk, Int32(MNT_DETACH)) }
            let site = try await Site(in: folder)
            try Self.fill(disk)
            let before = try FileManager.default.contentsOfDirectory(atPath: disk).sorted()
            let keys = try Data(contentsOf: URL(filePath: "\(disk)/master.key"))
            for (words, remedy) in [
                (["backup", "--output", "\(disk)/new"], "its disk is full"),
                (["tokens", "create", "--output", "\(disk)/new"], "nothing is left of it"),
                (["authority", "crl", "--output", "\(disk)/new"], "what was there is there still"),
                (["keys", "rotate"], "Nothing was changed. Make room"),
            ] {
                let refused = try await run("namesake-server", words + ["--folder", disk])
                #expect(refused.status != 0 && refused.output.contains(remedy), "\(words): \(refused.output)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: disk).sorted() == before, "\(words)")
            }
            #expect(try Data(contentsOf: URL(filePath: "\(disk)/master.key")) == keys)
            await site.stop()
        }
    }

    @Test("whose store is gone does not begin an empty one, and goes on from the backup")
    func lostStore() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let copy = "\(folder)/copy"
            #expect(try await site.console("backup", "--output", copy).status == 0)
            try await site.crashServer {
                for file in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/server")
                where file.hasPrefix("store.sqlite") {
                    try FileManager.default.removeItem(atPath: "\(folder)/server/\(file)")
                }
                let refused = try await KeysTests.serve(folder)
                #expect(refused.status == 69 && refused.output.contains("is gone"), "\(refused.output)")
                #expect(refused.output.contains("namesake-server restore --input FILE"), "\(refused.output)")
                #expect(!FileManager.default.fileExists(atPath: "\(folder)/server/store.sqlite"))
                #expect(try await site.console("restore", "--input", copy).status == 0)
            }
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)")
            await site.stop()
        }
    }

    @Test("whose store has a damaged page does not start, says how to go on, and goes on from the backup")
    func damagedPage() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let copy = "\(folder)/copy"
            #expect(try await site.console("backup", "--output", copy).status == 0)
            try await site.crashServer {
                let store = "\(folder)/server/store.sqlite"
                // Whoever closes it last puts the log into the file, so that it does not hide the damage.
                do { _ = try SQLiteStore(path: store) }
                #expect(!FileManager.default.fileExists(atPath: store + "-wal"))
                try Self.damage(store)
                let refused = try await KeysTests.serve(folder)
                #expect(refused.status == 69, "\(refused)")
                #expect(refused.output.contains("store.damaged"), "\(refused.output)")
                #expect(refused.output.contains("namesake-server restore --input FILE"), "\(refused.output)")
                let restored = try await site.console("restore", "--input", copy)
                #expect(restored.status == 0, "\(restored.output)")
            }
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)")
            try await CrashTests.expectWhole(site, "ws-1.corp.example.test", "after a damaged page")
            await site.stop()
        }
    }

    /// Overwrites the third page and all after it, as a dying disk does.
    static func damage(_ path: String) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        let size = try file.seekToEnd()
        try file.seek(toOffset: 8192)
        try file.write(contentsOf: Data(repeating: 0xA5, count: Int(size) - 8192))
        try file.close()
    }

    enum Flaw: String, CaseIterable {
        case expired
        case wrongDomain

        var words: String {
            switch self {
            case .expired: "is not valid today"
            case .wrongDomain: "is not in corp.example.test"
            }
        }

        var remedy: String {
            switch self {
            case .expired: "Renew it"
            case .wrongDomain: "Use a certificate"
            }
        }
    }

    /// A chain and its key, in files.
    static func writeChain(
        to folder: String, named name: String, years: Int, root: (Certificate, PrivateKey)
    ) throws {
        let key = try PrivateKey.rsa(bits: 2048)
        let now = Int(Date().timeIntervalSince1970) - years * 365 * 86_400
        let leaf = try CertificateProfile.provisioning(try Hostname(name)).issue(
            for: try key.publicKey, by: root.0, signingWith: root.1, now: now)
        try (leaf.pem + root.0.pem).write(toFile: "\(folder)/chain", atomically: true, encoding: .utf8)
        try key.pem.reveal { try Data($0).write(to: URL(filePath: "\(folder)/key")) }
    }

    @Test(
        "whose provisioning certificate no firmware would take tries none, says why, and goes on with a good one",
        arguments: Flaw.allCases)
    func provisioningCertificate(flaw: Flaw) async throws {
        try await withTemporaryFolder { folder in
            let rootKey = try PrivateKey.rsa(bits: 2048)
            let root = try CertificateProfile.root("R").issue(
                for: try rootKey.publicKey, by: nil, signingWith: rootKey,
                now: Int(Date().timeIntervalSince1970) - 5 * 365 * 86_400)
            let name = flaw == .wrongDomain ? "p.elsewhere.test" : "p.corp.example.test"
            try Self.writeChain(to: folder, named: name, years: flaw == .expired ? 4 : 0, root: (root, rootKey))
            let site = try await Site(
                in: folder,
                server: ["--provisioning-chain", "\(folder)/chain", "--provisioning-key", "\(folder)/key"],
                provisions: false)
            try await site.server.awaitLine("job failed")
            let page = try await site.console("jobs", "show", "1").output
            #expect(page.contains("no-suitable-chain") && page.contains(flaw.words), "\(page)")
            #expect(page.contains("what to do     \(flaw.remedy)"), "\(page)")
            let doctor = try await site.console("doctor").output
            #expect(doctor.contains("FAIL  provisioning chain") && doctor.contains(flaw.words), "\(doctor)")
            #expect(try await site.control(#"{"do":"state"}"#)["requests"] as? Int == 0, "something was sent")

            try Self.writeChain(to: folder, named: "p.corp.example.test", years: 0, root: (root, rootKey))
            try await site.crashServer {
                let put = try await site.console(
                    "authority", "provisioning", "--provisioning-chain", "\(folder)/chain", "--provisioning-key",
                    "\(folder)/key")
                #expect(put.status == 0 && put.output.contains("p.corp.example.test < R"), "\(put.output)")
            }
            #expect(try await site.console("devices", "retry", Site.machine).status == 0)
            try await site.awaitStage("managed")
            await site.stop()
        }
    }

    @Test("whose provisioning certificate is of another domain takes no machine back into set-up")
    func otherDomain() async throws {
        try await withTemporaryFolder { folder in
            let rootKey = try PrivateKey.rsa(bits: 2048)
            let root = try CertificateProfile.root("R").issue(
                for: try rootKey.publicKey, by: nil, signingWith: rootKey, now: Int(Date().timeIntervalSince1970))
            try Self.writeChain(to: folder, named: "p.corp.example.test", years: 0, root: (root, rootKey))
            let site = try await Site(
                in: folder,
                server: ["--provisioning-chain", "\(folder)/chain", "--provisioning-key", "\(folder)/key"])
            try Self.writeChain(to: folder, named: "p.elsewhere.test", years: 0, root: (root, rootKey))
            try await site.crashServer {
                for (from, to) in [("chain", "provisioning.pem"), ("key", "provisioning.key")] {
                    try Data(contentsOf: URL(filePath: "\(folder)/\(from)")).write(
                        to: URL(filePath: "\(folder)/server/\(to)"))
                }
            }
            let asked = try await site.console("devices", "reprovision", Site.machine)
            #expect(asked.status != 0 && asked.output.contains("is not in corp.example.test"), "\(asked.output)")
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["provisioningState"] as? Int == 2, "\(state)")
            await site.stop()
        }
    }

    @Test("whose provisioning chain has lost its root starts, says so, and takes no machine back into set-up")
    func lostRoot() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let pem = "\(folder)/server/provisioning.pem"
            let whole = try String(contentsOfFile: pem, encoding: .utf8)
            try await site.crashServer {
                try Certificate.all(pem: whole)[0].pem.write(toFile: pem, atomically: true, encoding: .utf8)
            }
            let count = try site.requests().count
            let asked = try await site.console("devices", "reprovision", Site.machine)
            for said in [asked.output, try await site.console("doctor").output] {
                #expect(said.contains("the issuer of provisionserver.corp.example.test is missing"), "\(said)")
                #expect(said.contains("Append the missing certificates"), "\(said)")
            }
            #expect(asked.status != 0, "\(asked.output)")
            #expect(try site.requests().count == count, "something was sent")
            try await site.crashServer { try whole.write(toFile: pem, atomically: true, encoding: .utf8) }
            #expect(try await site.console("devices", "reprovision", Site.machine).status == 0)
            #expect(try await site.end(of: "2").contains(#""state":"done""#))
            await site.stop()
        }
    }

    @Test("is not made with a provisioning chain that lacks its root, and the hint says to append it")
    func rootless() async throws {
        try await withTemporaryFolder { folder in
            let rootKey = try PrivateKey.rsa(bits: 2048)
            let root = try CertificateProfile.root("R").issue(
                for: try rootKey.publicKey, by: nil, signingWith: rootKey, now: Int(Date().timeIntervalSince1970))
            try Self.writeChain(to: folder, named: "p.corp.example.test", years: 0, root: (root, rootKey))
            let leaf = try #require(
                try Certificate.all(pem: String(contentsOfFile: "\(folder)/chain", encoding: .utf8)).first)
            try leaf.pem.write(toFile: "\(folder)/chain", atomically: true, encoding: .utf8)
            let made = try await run(
                "namesake-server",
                [
                    "init", "--folder", "\(folder)/server", "--domain", Site.domain, "--address", "127.0.0.1",
                    "--provisioning-chain", "\(folder)/chain", "--provisioning-key", "\(folder)/key",
                ])
            #expect(made.status == 78, "\(made.output)")
            #expect(made.output.contains("does not end in a root") && made.output.contains("Append the missing"))
        }
    }
}
