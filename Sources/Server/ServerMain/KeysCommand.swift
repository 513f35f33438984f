import ArgumentParser
import Certificates
import Fleet
import Foundation
import Provisioning
import StorageSQLite
import Vocabulary

/// `keys`: the master keys that seal the store's secrets.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Shows and changes the master keys that seal the store's secrets.",
        subcommands: [List.self, Rotate.self, Retire.self])

    struct Options: ParsableArguments {
        @OptionGroup var folder: FolderOption
        @Option(help: "The master key's file, where it is not in the folder (a systemd credential's source).")
        var keyFile: String?

        var file: MasterKeyFile { MasterKeyFile(folder.value, named: keyFile) }
        var recovery: RecoveryShelf { RecoveryShelf(folder: folder.value.recovery) }

        /// Without a store nothing is made: a mistyped folder gets no new one.
        func store() throws(Failure) -> SQLiteStore { try folder.value.existingStore() }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The keys, and how much each of them seals.")
        @OptionGroup var options: Options

        func run() async throws {
            let ring = try options.file.read()
            var secrets = try await options.store().secretsByKey()
            var exports: [String: Int] = [:]
            for export in try options.recovery.all() { exports[export.key, default: 0] += 1 }
            var rows = [["KEY", "STATE", "SECRETS", "EXPORTS"]]
            for key in ring.keys.map(\.identifier.hexadecimal) {
                let state = key == ring.current.identifier.hexadecimal ? "current" : "old"
                rows.append([key, state, "\(secrets.removeValue(forKey: key) ?? 0)", "\(exports[key] ?? 0)"])
            }
            for (key, count) in secrets.sorted(by: { $0.key < $1.key }) {
                rows.append([key, "MISSING", "\(count)", "\(exports[key] ?? 0)"])
            }
            print(table(rows))
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a new master key and seals the store anew, while the server runs or not.",
            discussion: "Old keys stay in the file, for what was backed up with them, until `keys retire`.")
        @OptionGroup var options: Options

        func run() async throws {
            let (file, store) = (options.file, try options.store())
            let before = try file.read()
            try await requireKeys(of: store, in: before)
            let ring = try before.rotated()
            try file.write(ring)
            let count = try await sealAnew(store, with: ring)
            print("key \(ring.current.identifier.hexadecimal) is the current one; \(count) secrets sealed anew")
            print("next    back up \(file.path), apart from the store")
        }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes an old key for good, after sealing anew what it still seals. The server must not run.",
            discussion: "A backup of the store from before the rotation can then be read with a copy of the key only.")
        @OptionGroup var options: Options
        @Argument(help: "The key, as `keys list` shows it.") var key: String

        func run() async throws {
            let folder = options.folder.value
            try folder.takeLock()
            let (file, store, recovery) = (options.file, try options.store(), options.recovery)
            let ring = try file.read()
            guard let identifier = bytes(hexadecimal: key), ring.holds(identifier) else {
                throw Failure(.vaultKeyWrong, "\(file.path) holds no key \(key)", hint: "`keys list` shows them.")
            }
            guard identifier != ring.current.identifier else {
                throw Failure(
                    .vaultKeyWrong, "\(key) is the current key", hint: "Make another one first: `keys rotate`.")
            }
            _ = try await sealAnew(store, with: ring)
            for export in try recovery.all() where export.key != ring.current.identifier.hexadecimal {
                try await recovery.keep(try export.sealedAnew(with: ring))
            }
            try file.write(try ring.without(identifier))
            print("key \(key) is gone; destroy its copies, or keep them with the backups that need it")
        }
    }
}
