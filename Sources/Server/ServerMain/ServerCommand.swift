import ArgumentParser
import Foundation
import Vocabulary

/// `namesake-server`: arguments only.
@main
struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namesake-server",
        abstract: "Provisions Intel AMT firmware and keeps its names the same as the operating system's.",
        version: "namesake-server 0.1.0",
        subcommands: [
            InitCommand.self, ServeCommand.self, EnrolCommand.self, TokensCommand.self, DevicesCommand.self,
            JobsCommand.self,
            DoctorCommand.self, AccountsCommand.self, AuthorityCommand.self, KeysCommand.self, BackupCommand.self,
            RestoreCommand.self, RecoveryCommand.self, CollectionsCommand.self, WebhooksCommand.self,
            PreSharedKeysCommand.self,
        ])

    static func main() async {
        umask(0o077)  // whatever this program makes is its owner's alone: keys, the store, the console's socket
        forbidCoreFiles()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            fail(failure)
        } catch {
            exit(withError: error)
        }
    }
}

/// Says what happened, what it means and what to do, and ends with a status of sysexits.
func fail(_ failure: Failure) -> Never {
    var text = "namesake-server: \(failure.message) [\(failure.code.rawValue)]\n"
    if let hint = failure.hint { text += "  \(hint)\n" }
    FileHandle.standardError.write(Data(text.utf8))
    let status: Int32 =
        switch failure.code {
        case .configurationInvalid, .certificateUnfit, .noSuitableChain, .keyUnreadable, .certificateUnreadable,
            .vaultKeyWrong:
            78
        case .listenerUnavailable, .storeUnavailable, .storeDamaged, .serverNotRunning: 69
        case .machineUnknown, .backupUnfit, .vaultDamaged, .nameInvalid, .preSharedKeyUnfit, .preSharedKeyUnknown,
            .preSharedKeyFileUnreadable, .preSharedKeyDuplicate, .preSharedKeyTaken:
            65
        default: 70
        }
    exit(status)
}

struct FolderOption: ParsableArguments {
    @Option(help: "The server's folder.")
    var folder = "/var/lib/namesake-server"

    var value: ServerFolder { ServerFolder(folder) }
}
