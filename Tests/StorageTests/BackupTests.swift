import Fleet
import Foundation
import Jobs
import StorageSQLite
import TestKit
import Testing
import Vocabulary

@Suite("Backup and restore of the store")
struct BackupTests {
    static let machine = MachineID("939b524b-13d4-1d18-e487-1c697a6b7a2b")
    static let key: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    /// A store with one device, one job and as many secrets as are asked for.
    static func fill(_ store: SQLiteStore, secrets: Int) async throws {
        let machine = try #require(machine)
        let name = try Hostname("a.example.test")
        _ = try await store.change(machine) { (record: inout DeviceRecord?) in
            record = DeviceRecord(machine: machine, temporaryHostname: "a", name: name, address: "127.0.0.1", now: 1)
        }
        let job = try await store.enqueue("rename", for: machine, parameters: "{}", now: 1, due: 1)
        try await store.append(.began("a"), to: job.id)
        for _ in 0..<secrets {
            try await store.keep(
                key + [UInt8](repeating: 9, count: 4000), as: .adminPassword, of: machine, now: 1)
        }
    }

    @Test("a backup made while others write is whole, and a restore brings it back and keeps the former store")
    func whileWritten() async throws {
        try await withTemporaryFolder { folder in
            let (path, copy) = ("\(folder)/store", "\(folder)/copy")
            let machine = try #require(Self.machine)
            do {
                let store = try SQLiteStore(path: path)
                try await Self.fill(store, secrets: 200)
                let other = try SQLiteStore(path: path)
                async let writing: Void = {
                    for number in 0..<200 {
                        try await other.keep(Self.key + [UInt8(number)], as: .account("x"), of: machine, now: 2)
                    }
                }()
                let contents = try await store.backUp(to: copy)
                try await writing
                #expect(contents.devices == 1 && contents.jobs == 1)
                #expect(contents.keys == ["0102030405060708"])
                #expect(try await store.sealed(.account("x"), of: machine).count == 200)
            }
            let held = try await SQLiteStore.contents(ofBackup: copy)
            let kept = try await SQLiteStore.restore(copy, to: path, aside: "\(folder)/aside")
            let aside = try #require(kept)
            let restored = try SQLiteStore(path: path)
            #expect(try await restored.sealed(.adminPassword, of: machine).count == 200)
            #expect(try await restored.sealed(.account("x"), of: machine).count < 200, "written after the backup")
            #expect(try await restored.secretsByKey().values.reduce(0, +) >= 200)
            #expect(held.devices == 1)
            let former = try SQLiteStore(path: aside)
            #expect(try await former.sealed(.account("x"), of: machine).count == 200)
        }
    }

    @Test("a store that nobody uses after its backup is closed, and its log in the file, when the backup is made")
    func closed() async throws {
        try await withTemporaryFolder { folder in
            for round in 0..<60 {
                let path = "\(folder)/store\(round)"
                try await SQLiteStore(path: path).keep([1], as: .adminPassword, of: #require(Self.machine), now: 1)
                _ = try await SQLiteStore(path: path).backUp(to: "\(folder)/copy\(round)")
                #expect(!FileManager.default.fileExists(atPath: path + "-wal"), "round \(round)")
            }
        }
    }

    @Test("a file that is there is not overwritten, and nothing is left of a backup that failed")
    func occupied() async throws {
        try await withTemporaryFolder { folder in
            let store = try SQLiteStore(path: "\(folder)/store")
            try "mine".write(toFile: "\(folder)/copy", atomically: true, encoding: .utf8)
            let failure = await #expect(throws: Failure.self) { try await store.backUp(to: "\(folder)/copy") }
            #expect(failure?.code == .backupUnfit)
            #expect(try String(contentsOfFile: "\(folder)/copy", encoding: .utf8) == "mine")
            await #expect(throws: Failure.self) { try await store.backUp(to: "\(folder)/no/copy") }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("copy") }
            #expect(left == ["copy"])
        }
    }

    @Test("what is no backup is refused before the store is touched", arguments: ["none", "text", "foreign", "page"])
    func unfit(kind: String) async throws {
        try await withTemporaryFolder { folder in
            let (path, copy) = ("\(folder)/store", "\(folder)/copy")
            try await Self.fill(try SQLiteStore(path: path), secrets: 50)
            switch kind {
            case "text": try Data(repeating: 0x41, count: 9000).write(to: URL(filePath: copy))
            case "foreign": try Data().write(to: URL(filePath: copy))
            case "page":
                _ = try await SQLiteStore(path: path).backUp(to: copy)
                try Self.damage(copy)
            default: break
            }
            let before = try Data(contentsOf: URL(filePath: path))
            let failure = await #expect(throws: Failure.self) { try await SQLiteStore.contents(ofBackup: copy) }
            #expect(failure?.code == .backupUnfit)
            #expect(failure?.hint != nil)
            let refused = await #expect(throws: Failure.self) {
                try await SQLiteStore.restore(copy, to: path, aside: "\(folder)/aside")
            }
            #expect(refused?.code == .backupUnfit)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/aside"))
        }
    }

    /// Overwrites what follows the first pages, as a dying disk does.
    static func damage(_ path: String) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        let size = try file.seekToEnd()
        for place in stride(from: UInt64(8192), to: size, by: 4096) {
            try file.seek(toOffset: place)
            try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        }
        try file.close()
    }

    @Test("a corrupted page is found, named, and answered with what to do")
    func corrupted() async throws {
        try await withTemporaryFolder { folder in
            let (path, copy) = ("\(folder)/store", "\(folder)/copy")
            do {
                let store = try SQLiteStore(path: path)
                try await Self.fill(store, secrets: 50)
                try await store.check()
                _ = try await store.backUp(to: copy)
            }
            // A copy is one file: no log hides the damage.
            try Self.damage(copy)
            let store = try SQLiteStore(path: copy)
            let failure = await #expect(throws: Failure.self) { try await store.check() }
            #expect(failure?.code == .storeDamaged)
            #expect(failure?.hint?.contains("namesake-server restore") == true)
            let machine = try #require(Self.machine)
            let read = await #expect(throws: Failure.self) { try await store.secrets(of: machine) }
            #expect(read?.code == .storeDamaged)
        }
    }

    @Test("a full disk is said, nothing half is kept, and there is a store again when there is room")
    func fullDisk() async throws {
        try await withTemporaryFolder { folder in
            guard try await run("/bin/mount", ["-t", "tmpfs", "-o", "size=900k", "tmpfs", folder]).status == 0 else {
                print("skipped: a small file system can be mounted by root only")
                return
            }
            defer { umount2(folder, Int32(MNT_DETACH)) }
            let machine = try #require(Self.machine)
            do {
                let store = try SQLiteStore(path: "\(folder)/store")
                try await Self.fill(store, secrets: 2)
                try Data(repeating: 1, count: 250_000).write(to: URL(filePath: "\(folder)/ballast"))
                var (failure, count): (Failure?, Int) = (nil, 2)
                while failure == nil, count < 200 {
                    do throws(Failure) {
                        try await store.keep(
                            Self.key + [UInt8](repeating: 9, count: 4000), as: .adminPassword, of: machine, now: 1)
                        count += 1
                    } catch { failure = error }
                }
                #expect(failure?.code == .storeUnavailable)
                #expect(failure?.remedy == .wait)
                #expect(failure?.message.contains("disk is full") == true, "\(String(describing: failure))")
                #expect(try await store.sealed(.adminPassword, of: machine).count == count)
                try FileManager.default.removeItem(atPath: "\(folder)/ballast")
                try await store.keep([1], as: .adminPassword, of: machine, now: 2)
                #expect(try await store.sealed(.adminPassword, of: machine).count == count + 1)
            }
        }
    }

    @Test("secrets are listed by number, replaced together, and counted by the key that sealed them")
    func shelf() async throws {
        try await withTemporaryFolder { folder in
            let store = try SQLiteStore(path: "\(folder)/store")
            try await Self.fill(store, secrets: 3)
            let first = try await store.secrets(after: 0, limit: 2)
            #expect(first.count == 2)
            let rest = try await store.secrets(after: first[1].sequence, limit: 2)
            #expect(rest.count == 1 && rest[0].sequence > first[1].sequence)
            var changed = first
            for place in changed.indices { changed[place].sealed = [UInt8](repeating: 0xFF, count: 40) }
            changed.append(
                SealedSecret(sequence: 99, machine: changed[0].machine, purpose: .adminPassword, sealed: [1]))
            try await store.replace(changed)
            #expect(try await store.secretsByKey() == ["ffffffffffffffff": 2, "0102030405060708": 1])
        }
    }
}
