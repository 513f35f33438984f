import Certificates
import Fleet
import Foundation
import Provisioning
import StorageSQLite
import TestKit
import Testing
import Vocabulary

@Suite("Keys, backups and recovery", .serialized)
struct KeysTests {
    static func admin(_ folder: String, keys: String = "server/master.key") async throws -> Secret {
        let ring = try KeyRing(filed: Secret(Array(try Data(contentsOf: URL(filePath: "\(folder)/\(keys)")))))
        let store = try SQLiteStore(path: "\(folder)/server/store.sqlite")
        return try await Vault(keys: VaultKeys(ring), store: store).secret(
            .adminPassword, of: try #require(MachineID(Site.machine)))
    }

    /// Starts a server that should refuse to run; one that runs all the same is ended, with status 124.
    static func serve(_ folder: String) async throws -> (status: Int32, output: String) {
        try await run("/usr/bin/timeout", ["30", product("namesake-server"), "serve", "--folder", "\(folder)/server"])
    }

    @Test("a key is rotated while the server runs, jobs go on, and an old key is retired when nothing needs it")
    func rotation() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let before = try await Self.admin(folder)
            let rotated = try await site.console("keys", "rotate")
            #expect(rotated.status == 0, "\(rotated.output)")
            #expect(try await Self.admin(folder) == before)
            let listed = try await site.console("keys", "list").output
            let old = try #require(listed.firstMatch(of: /([0-9a-f]{16})  old      0/)?.1)
            #expect(listed.firstMatch(of: /[0-9a-f]{16}  current  3/) != nil, "\(listed)")
            // The server has the old ring in memory, and meets what the new key sealed.
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)")
            let early = try await site.console("keys", "retire", String(old))
            #expect(early.status != 0 && early.output.contains("a server runs"), "\(early.output)")
            await site.stop()
            let retired = try await site.console("keys", "retire", String(old))
            #expect(retired.status == 0, "\(retired.output)")
            let after = try await site.console("keys", "list").output
            #expect(!after.contains(old) && !after.contains("MISSING"), "\(after)")
            #expect(try await Self.admin(folder) == before)
            let export = "\(folder)/server/recovery/\(Site.machine).recovery"
            #expect(try await site.console("recovery", "open", export, "--reveal").output.contains(before.revealedText))
        }
    }

    @Test("a wrong, lost or cut master key is refused with what to do, and the right one put back loses nothing")
    func wrongKey() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            await site.stop()
            let path = "\(folder)/server/master.key"
            let right = try Data(contentsOf: URL(filePath: path))
            let before = try await Self.admin(folder)
            for wrong in [Data(repeating: 3, count: 32), Data(right.prefix(31)), Data(), nil] {
                try FileManager.default.removeItem(atPath: path)
                if let wrong {
                    _ = FileManager.default.createFile(
                        atPath: path, contents: wrong, attributes: [.posixPermissions: 0o600])
                }
                let refused = try await Self.serve(folder)
                #expect(refused.status == 78, "\(refused.output)")
                #expect(refused.output.contains("vault.key-wrong"), "\(refused.output)")
                #expect(refused.output.contains("ack"), "says to put it back: \(refused.output)")
                let rotation = try await site.console("keys", "rotate")
                #expect(rotation.status == 78, "a rotation would bury the damage: \(rotation.output)")
                if wrong == nil { try Data().write(to: URL(filePath: path)) }
            }
            _ = FileManager.default.createFile(atPath: path, contents: right)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            #expect(try await Self.serve(folder).output.contains("chmod 600"))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(try await Self.admin(folder) == before)
        }
    }

    @Test("the master key comes from a systemd credential where there is one")
    func credential() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            await site.stop()
            try FileManager.default.createDirectory(atPath: "\(folder)/credentials", withIntermediateDirectories: false)
            try FileManager.default.moveItem(
                atPath: "\(folder)/server/master.key", toPath: "\(folder)/credentials/namesake-master-key")
            let words = "CREDENTIALS_DIRECTORY=\(folder)/credentials exec \(product("namesake-server")) serve"
            let server = try Program("/bin/sh", ["-c", "\(words) --folder \(folder)/server"])
            try await server.awaitLine("listening for hellos")
            await server.stop()
            let bare = try await Self.serve(folder)
            #expect(bare.status == 78 && bare.output.contains("namesake-master-key"), "\(bare.output)")
            let file = "\(folder)/credentials/namesake-master-key"
            #expect(try await site.console("keys", "rotate", "--key-file", file).status == 0)
            #expect(try await Self.admin(folder, keys: "credentials/namesake-master-key").revealedText.count == 32)
        }
    }

    @Test("a backup is made while the server runs and is restored; the next rename works")
    func backup() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let made = try await site.console("backup", "--output", "\(folder)/backup")
            #expect(made.status == 0 && made.output.contains("1 devices, 1 jobs"), "\(made.output)")
            let bytes = try Data(contentsOf: URL(filePath: "\(folder)/backup"))
            #expect(bytes.range(of: Data(try await Self.admin(folder).revealedText.utf8)) == nil)
            let early = try await site.console("restore", "--input", "\(folder)/backup")
            #expect(early.status == 69 && early.output.contains("Stop it first"), "\(early.output)")
            try await site.crashServer {
                // The disk has died: the store is gone but for the backup.
                for file in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/server")
                where file.hasPrefix("store.sqlite") {
                    try Data(repeating: 0x5A, count: 50_000).write(to: URL(filePath: "\(folder)/server/\(file)"))
                }
                let refused = try await Self.serve(folder)
                #expect(refused.status == 69 && refused.output.contains("store.damaged"), "\(refused.output)")
                #expect(refused.output.contains("namesake-server restore"), "\(refused.output)")
                let restored = try await site.console("restore", "--input", "\(folder)/backup")
                #expect(restored.status == 0, "\(restored.output)")
                #expect(restored.output.contains("store.sqlite.before-"), "\(restored.output)")
            }
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)")
            await site.stop()
        }
    }

    @Test("a restore takes what happened after the backup from the recovery exports: no machine is lost by it")
    func newerExports() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            #expect(try await site.console("backup", "--output", "\(folder)/backup").status == 0)
            let before = try await site.console("devices", "show", Site.machine, "--json").output
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            let after = try await site.console("devices", "show", Site.machine, "--json").output
            try await site.crashServer {
                let restored = try await site.console("restore", "--input", "\(folder)/backup")
                #expect(restored.status == 0, "\(restored.output)")
                #expect(restored.output.contains(/newer +1 machines/), "\(restored.output)")
                #expect(restored.output.contains("before account.removal"), "\(restored.output)")
                // One that was altered is not believed, and the end says so.
                let shelf = "\(folder)/server/recovery"
                var count = 0
                for name in try FileManager.default.contentsOfDirectory(atPath: shelf) where name.hasSuffix(".recovery")
                {
                    let file = "\(shelf)/\(name)"
                    let whole = try String(contentsOfFile: file, encoding: .utf8)
                    let altered = whole.replacingOccurrences(of: "account.removal", with: "account.renewal")
                    guard altered != whole else { continue }
                    try altered.write(toFile: file, atomically: true, encoding: .utf8)
                    let refused = try await site.console("restore", "--input", "\(folder)/backup")
                    #expect(refused.status != 0 && refused.output.contains("NOT taken"), "\(refused.output)")
                    try whole.write(toFile: file, atomically: true, encoding: .utf8)
                    count += 1
                }
                #expect(count > 0, "no export was altered")
                // As often as one likes.
                #expect(try await site.console("restore", "--input", "\(folder)/backup").status == 0)
            }
            let shown = try await site.console("devices", "show", Site.machine, "--json").output
            let pin = try #require(after.firstMatch(of: /"pin":"[0-9a-f]{64}"/)).0
            #expect(shown.contains(pin) && !before.contains(pin), "\(shown)")
            // The account that the record had is gone from the firmware; the backup's jobs are numbered anew.
            for name in ["ws-2.corp.example.test", "ws-3.corp.example.test"] {
                let synced = try await site.sync(name: name)
                #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)")
            }
            try await CrashTests.expectWhole(site, "ws-3.corp.example.test", "after a restore")
            await site.stop()
        }
    }

    @Test("before each step that cannot be taken back an export is on the disk that opens without the store")
    func recovery() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(
                in: folder, simulator: ["--hold", "after:CommitChanges"], provisions: false)
            let export = "\(folder)/server/recovery/\(Site.machine).recovery"
            // The firmware has heard of it and the answer is held back: what is on the disk now was there before.
            try await site.control(#"{"do":"awaitHeld"}"#)
            let keys = "\(folder)/keys"
            try FileManager.default.copyItem(atPath: "\(folder)/server/master.key", toPath: keys)
            let admin = try await Self.admin(folder)
            try FileManager.default.copyItem(atPath: export, toPath: "\(folder)/export")
            try await site.control(#"{"do":"release","lost":false}"#)
            await site.stop()
            // Offline: no folder, no store, no server.
            try FileManager.default.removeItem(atPath: "\(folder)/server")
            let words = ["recovery", "open", "\(folder)/export", "--key-file", keys]
            let opened = try await run("namesake-server", words)
            #expect(opened.status == 0 && opened.output.contains("before commit"), "\(opened.output)")
            #expect(!opened.output.contains(admin.revealedText))
            let revealed = try await run("namesake-server", words + ["--reveal"])
            #expect(revealed.output.contains(admin.revealedText))
            #expect(revealed.output.contains("account:nsk-1"), "\(revealed.output)")
            let sealed = try Data(contentsOf: URL(filePath: "\(folder)/export"))
            #expect(sealed.range(of: Data(admin.revealedText.utf8)) == nil)
            // Every word in clear is under the seal too.
            let text = String(decoding: sealed, as: UTF8.self)
            let other = text.replacingOccurrences(of: "\"commit\"", with: "\"unprovision\"")
            #expect(other != text)
            try other.write(toFile: "\(folder)/export", atomically: true, encoding: .utf8)
            let forged = try await run("namesake-server", words)
            #expect(forged.status == 65 && forged.output.contains("vault.damaged"), "\(forged.output)")
        }
    }

    @Test("a step that cannot be taken back is not begun while its export cannot be written, and is when it can")
    func unwritable() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let shelf = "\(folder)/server/recovery"
            try FileManager.default.removeItem(atPath: shelf)
            try "in the way".write(toFile: shelf, atomically: true, encoding: .utf8)
            let commits = try await site.control(#"{"do":"state"}"#)["commits"] as? Int
            let agent = try site.beginSync(name: "ws-1.corp.example.test", timeout: 180)
            try await site.server.awaitLine("vault.recovery-unwritable")
            #expect(try await site.control(#"{"do":"state"}"#)["commits"] as? Int == commits)
            try FileManager.default.removeItem(atPath: shelf)
            #expect(await agent.ended() == 0, "\(agent.printed)\n\(site.server.printed)")
            #expect(FileManager.default.fileExists(atPath: "\(shelf)/\(Site.machine).recovery"))
            await site.stop()
        }
    }
}

@Suite("Core files and memory", .serialized)
struct CoreFileTests {
    /// The writable memory of a process, region by region.
    static func memory(of process: Int32) throws -> [Data] {
        let memory = try FileHandle(forReadingFrom: URL(filePath: "/proc/\(process)/mem"))
        defer { try? memory.close() }
        return try String(contentsOfFile: "/proc/\(process)/maps", encoding: .utf8).split(separator: "\n").compactMap {
            let words = $0.split(separator: " ")
            let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard words[1].hasPrefix("rw"), ends.count == 2 else { return nil }
            try memory.seek(toOffset: ends[0])
            return try memory.read(upToCount: Int(ends[1] - ends[0]))
        }
    }

    @Test(
        "a server at rest has no machine's password in its memory",
        .enabled(if: getuid() == 0, "skipped: only root may read another process's memory"))
    func atRest() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let ring = try KeyRing(
                filed: Secret(Array(try Data(contentsOf: URL(filePath: "\(folder)/server/master.key")))))
            let machine = try #require(MachineID(Site.machine))
            let store = try SQLiteStore(path: "\(folder)/server/store.sqlite")
            let secrets = try await Vault(keys: VaultKeys(ring), store: store).secrets(of: machine)
            #expect(secrets.count == 3)
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 0, "\(synced.output)")
            #expect(try await RouteTests.end(of: "2", site).contains(#""state":"done""#))
            let memory = try Self.memory(of: site.server.process)
            func isThere(_ text: String) -> Bool { memory.contains { $0.range(of: Data(text.utf8)) != nil } }
            // Firmware takes this one as text alone: it has been in an envelope, which nobody zeroes.
            for (purpose, secret) in secrets where purpose != .mebxPassword {
                #expect(!isThere(secret.revealedText), "\(purpose.rawValue)")
            }
            #expect(isThere("ws-1.corp.example.test"), "the control")
            await site.stop()
        }
    }

    @Test("the server may write none and would fill it with nothing, whatever limits it is started with")
    func none() async throws {
        try await withTemporaryFolder { folder in
            let made = try await run(
                "namesake-server",
                [
                    "init", "--folder", "\(folder)/server", "--domain", Site.domain, "--address",
                    "\(loopbackNetwork()).2",
                ])
            #expect(made.status == 0)
            let serve = "\(product("namesake-server")) serve --folder \(folder)/server"
            let shown = "for file in limits coredump_filter; do cat /proc/$$/$file; done"
            let server = try Program("/bin/sh", ["-c", "ulimit -c $(ulimit -Hc); \(shown); exec \(serve)"])
            try await server.awaitLine("listening for hellos")
            let limits = try String(contentsOfFile: "/proc/\(server.process)/limits", encoding: .utf8)
            #expect(limits.firstMatch(of: #/Max core file size +0 +0 /#) != nil, "\(limits)")
            let filter = try String(contentsOfFile: "/proc/\(server.process)/coredump_filter", encoding: .utf8)
            #expect(UInt32(filter.prefix { $0.isHexDigit }, radix: 16) == 0, "\(filter)")
            // The control: the shell that became the server had a filter that lets memory through.
            #expect(!server.printed.contains("\n00000000\n"), "\(server.printed)")
            await server.stop()
        }
    }
}
