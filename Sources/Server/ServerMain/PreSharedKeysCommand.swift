import ArgumentParser
import Fleet
import Foundation
import Provisioning
import StorageSQLite
import Vocabulary

/// `psk`: the pre-shared keys (PID and PPS) of machines up to AMT 10.
struct PreSharedKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "psk",
        abstract: "Takes, makes and shows pre-shared keys (PID and PPS), by which machines up to AMT 10 are set up.",
        subcommands: [Import.self, Make.self, List.self, Remove.self])

    struct Options: ParsableArguments {
        @OptionGroup var folder: FolderOption
        @Option(help: "The master key's file, where it is not in the folder.") var keyFile: String?

        func open() throws(Failure) -> (store: SQLiteStore, vault: Vault) {
            let store = try folder.value.existingStore()
            let ring = try MasterKeyFile(folder.value, named: keyFile).read()
            return (store, Vault(keys: VaultKeys(ring), store: store))
        }
    }

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case csv
        case setupBin = "setup-bin"
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes keys from a list (CSV) or from the setup.bin of a USB key: all of them, or none.",
            discussion:
                "A list has the columns pid, pps and, where it is known, password: what MEBx was given with them.")
        @OptionGroup var options: Options
        @Argument(help: "The file. It holds secrets.") var file: String
        @Option(help: "csv or setup-bin; by what is in the file when left out.") var format: Format?
        @Option(help: "Where the keys come from, for the operator's list.") var note: String?

        func run() async throws {
            let (store, vault) = try options.open()
            let bytes = try read()
            let keys: [PreSharedKey]
            var others = 0
            switch format ?? (SetupFile.begins(bytes) || file.hasSuffix(".bin") ? .setupBin : .csv) {
            case .csv: keys = try KeyList(Secret(bytes)).keys
            case .setupBin:
                let found = try SetupFile(bytes)
                (keys, others) = (found.keys, found.others)
            }
            guard !keys.isEmpty else {
                throw Failure(
                    .preSharedKeyFileUnreadable, "\(file) holds no PID and PPS",
                    hint: "Nothing was taken. A setup.bin for set-up by certificates has none.")
            }
            let name = note ?? (file as NSString).lastPathComponent
            try await vault.keep(keys, on: store, note: name, now: Date().timeIntervalSince1970)
            let without = keys.count { $0.password == nil }
            print("taken   \(keys.count) keys from \(file)" + (others > 0 ? ", \(others) records hold none" : ""))
            if without > 0 {
                print(
                    "note    \(without) without a password: firmware is tried with the factory's and first-login.passwords"
                )
            }
            print("next    destroy the file, or keep it as the secret that it is: who has it can be these machines")
        }

        private func read() throws(Failure) -> [UInt8] {
            let limit = 256 << 20
            guard let handle = FileHandle(forReadingAtPath: file),
                let data = try? handle.read(upToCount: limit + 1)
            else {
                throw Failure(
                    .preSharedKeyFileUnreadable, "cannot read \(file), or it is empty",
                    hint: "Nothing was taken. Name a list (CSV) or a setup.bin.")
            }
            guard data.count <= limit else {
                throw Failure(
                    .preSharedKeyFileUnreadable, "\(file) is longer than \(limit >> 20) MiB",
                    hint: "Nothing was taken. Split the list.")
            }
            return Array(data)
        }
    }

    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes new keys, keeps them, and writes them into a new setup.bin or list, mode 0600.",
            discussion: "Put setup.bin as the first file onto a FAT16 USB key; each machine with the factory's MEBx "
                + "password takes one record when it boots with the key in. Each key has an MEBx password of its own.")
        @OptionGroup var options: Options
        @Argument(help: "How many.") var count: Int
        @Option(help: "The file to write; one that exists is not touched. It holds secrets.") var output: String
        @Option(help: "csv or setup-bin; csv for a name that ends so when left out.") var format: Format?
        @Option(help: "The layout of setup.bin: 1 for AMT 2, 2 from AMT 3 on, 3 from AMT 6 on, 4.") var layout = 2
        @Option(help: "What the keys are for, for the operator's list.") var note: String?

        func validate() throws {
            guard (1...10_000).contains(count) else { throw ValidationError("make 1 to 10000 keys at once") }
            guard SetupFile.Version(rawValue: layout) != nil else { throw ValidationError("--layout is 1, 2, 3 or 4") }
        }

        func run() async throws {
            let (store, vault) = try options.open()
            var keys: [PreSharedKey] = []
            for _ in 0..<count { keys.append(try makePreSharedKey()) }
            let contents =
                switch format ?? (output.hasSuffix(".csv") ? .csv : .setupBin) {
                case .csv: KeyList.bytes(of: keys)
                case .setupBin: SetupFile.bytes(of: keys, version: SetupFile.Version(rawValue: layout) ?? .two)
                }
            // First, so that a file that cannot be written leaves no keys behind; cut off in between, it can be imported.
            try contents.reveal { (bytes: [UInt8]) throws(Failure) in try options.folder.value.create(output, bytes) }
            do throws(Failure) {
                try await vault.keep(
                    keys, on: store, note: note ?? "made here", now: Date().timeIntervalSince1970)
            } catch {
                unlink(output)
                throw error
            }
            print("made    \(count) keys, in \(output) and sealed in the store")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A line for each key; never its PPS.")
        @OptionGroup var folder: FolderOption
        @Flag(help: "The lines as JSON.") var json = false

        func run() async throws {
            let keys = try await folder.value.existingStore().preSharedKeys()
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                return print(String(decoding: try encoder.encode(keys), as: UTF8.self))
            }
            let rows = keys.map {
                [
                    PreSharedKey.written($0.pid), $0.machine == nil ? "unused" : "used \(timeText($0.used))",
                    $0.machine?.text ?? "-", timeText($0.added), $0.note,
                ]
            }
            print(table([["PID", "STATE", "MACHINE", "ADDED", "NOTE"]] + rows))
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forgets a key that no machine has used.")
        @OptionGroup var folder: FolderOption
        @Argument(help: "The key's PID, with its hyphen or without.") var pid: String

        func run() async throws {
            let plain = try PreSharedKey.plain(pid: pid)
            try await folder.value.existingStore().remove(preSharedKey: plain)
            print("the key \(PreSharedKey.written(plain)) is forgotten")
        }
    }
}
