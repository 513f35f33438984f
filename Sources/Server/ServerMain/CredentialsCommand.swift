import ArgumentParser
import Fleet
import Foundation
import Provisioning
import StorageSQLite
import Vocabulary

/// `devices credentials`: what the store holds to get into one machine's firmware.
///
/// Read with the master key, not asked of the server: who may not read that file is shown nothing.
struct DeviceCredentials: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credentials", abstract: "The users of one machine's firmware that the store has passwords of.",
        discussion: "Passwords are shown only with --reveal.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The machine's UUID.") var machine: String
    @Option(help: "The master key's file, where it is not in the folder.") var keyFile: String?
    @Flag(help: "Print the passwords too.") var reveal = false

    func run() async throws {
        guard let machine = MachineID(machine) else {
            throw Failure(.machineUnknown, "'\(machine)' is no UUID", hint: "`namesake-server devices list`")
        }
        let store = try folder.value.existingStore()
        let vault = Vault(keys: VaultKeys(try MasterKeyFile(folder.value, named: keyFile).read()), store: store)
        var rows = [["USED FOR", "USER", "PASSWORD"]]
        for (purpose, secret) in try await vault.secrets(of: machine).reversed() {
            guard let (use, user) = Self.user(of: purpose) else { continue }
            rows.append([use, user, reveal ? secret.revealedText : "sealed; see --reveal"])
        }
        guard rows.count > 1 else {
            throw Failure(
                .machineUnknown, "the store holds no password of \(machine)",
                hint: "`namesake-server devices show \(machine)` says how far it is.")
        }
        print(table(rows))
    }

    private static func user(of purpose: SecretPurpose) -> (use: String, user: String)? {
        switch purpose {
        case .adminPassword: ("everything", "admin")
        case .mebxPassword: ("the boot prompt (MEBx)", "-")
        case .oneTimePassword: nil
        default:
            purpose.account.map { ("the next job", $0) }
                ?? (purpose.rawValue.hasPrefix("user:") ? ("people", String(purpose.rawValue.dropFirst(5))) : nil)
        }
    }
}
