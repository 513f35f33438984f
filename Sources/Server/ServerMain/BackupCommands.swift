import ArgumentParser
import Certificates
import Foundation
import Provisioning
import StorageSQLite
import Vocabulary

/// `backup`: a whole copy of the store, while the server runs.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies the store as it is at one moment, while the server runs.",
        discussion: "The copy holds secrets in sealed form; the master key and the folder's other keys are not in it.")
    @OptionGroup var folder: FolderOption
    @Option(help: "The file to write; one that exists is not touched.") var output: String

    func run() async throws {
        let folder = folder.value
        let contents = try await folder.existingStore().backUp(to: output)
        print("backup  \(output): \(contents.devices) devices, \(contents.jobs) jobs, checked")
        print("keys    \(MasterKeyFile(folder).path) and the other .key files of \(folder.path) are backed up apart")
    }
}

/// `restore`: a backup in the place of the store.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Puts a backup in the store's place, and the present store aside.",
        discussion: "The server must not run: its jobs would go on with what the backup has forgotten.")
    @OptionGroup var folder: FolderOption
    @Option(help: "A file that `backup` wrote.") var input: String
    @Option(help: "The master key's file, where it is not in the folder.") var keyFile: String?

    func run() async throws {
        let folder = folder.value
        try folder.takeLock()
        let ring = try MasterKeyFile(folder, named: keyFile).read()
        let contents = try await SQLiteStore.contents(ofBackup: input)
        for key in contents.keys where !ring.keys.contains(where: { $0.identifier.hexadecimal == key }) {
            throw Failure(
                .vaultKeyWrong, "the backup's secrets are sealed with key \(key), which the master key file lacks",
                hint: "Nothing was changed. Put the key file back that belongs to the backup.")
        }
        var place = "\(folder.store).before-\(Int(Date().timeIntervalSince1970))"
        while FileManager.default.fileExists(atPath: place) { place += "-1" }
        let aside = try await SQLiteStore.restore(input, to: folder.store, aside: place)
        print("store   \(contents.devices) devices, \(contents.jobs) jobs, from \(input)")
        if let aside { print("aside   the store before is \(aside)") }
        let newer = try RecoveryShelf(folder: folder.recovery).all().filter { $0.made > contents.newest }
        if !newer.isEmpty { try await takeIn(newer, ring) }
    }

    /// What the machines' recovery exports know that were made after the backup.
    private func takeIn(_ newer: [SealedRecovery], _ ring: KeyRing) async throws {
        let vault = Vault(keys: VaultKeys(ring), store: try SQLiteStore(path: folder.value.store))
        print("newer   \(newer.count) machines were changed after this backup; taken from their recovery exports:")
        var refused: Failure?
        for export in newer {
            let line = "        \(export.machine), \(timeText(export.made)), before \(export.before)"
            do throws(Failure) {
                try await vault.takeIn(export, now: Date().timeIntervalSince1970)
                print(line)
            } catch {
                print("\(line): NOT taken: \(error)")
                refused = refused ?? error
            }
        }
        guard let refused else { return }
        throw Failure(
            refused.code, "the store is restored, but not every newer export could be taken in: \(refused.message)",
            hint: "Those machines may present keys that the store does not know: `namesake-server recovery list` names "
                + "the files, and `devices retire`, then `devices adopt`, brings a machine back.")
    }
}
