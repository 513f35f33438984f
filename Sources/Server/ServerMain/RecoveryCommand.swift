import ArgumentParser
import Fleet
import Foundation
import Provisioning
import Vocabulary

/// `recovery`: how to get into a machine's firmware when the store is gone.
struct RecoveryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recovery",
        abstract: "Reads the sealed exports that are made before each step that cannot be taken back.",
        subcommands: [List.self, Open.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The latest export of each machine.")
        @OptionGroup var folder: FolderOption

        func run() async throws {
            let shelf = RecoveryShelf(folder: folder.value.recovery)
            var rows = [["MACHINE", "MADE", "BEFORE", "JOB", "KEY", "FILE"]]
            for export in try shelf.all() {
                rows.append([
                    export.machine.text, timeText(export.made), export.before, "\(export.job)", export.key,
                    shelf.path(of: export.machine),
                ])
            }
            print(table(rows))
        }
    }

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Opens one export with the master key, without server and store.",
            discussion: "Secrets are shown only with --reveal, or written to a file that is its owner's alone.")
        @OptionGroup var folder: FolderOption
        @Argument(help: "The export's file.") var file: String
        @Option(help: "The master key's file, where it is not in the folder.") var keyFile: String?
        @Flag(help: "Print the secrets too.") var reveal = false
        @Option(help: "Write everything, as JSON with the secrets, to this new file, mode 0600.") var output: String?

        func run() async throws {
            let sealed = try SealedRecovery(file: file)
            let export = try sealed.open(with: try MasterKeyFile(folder.value, named: keyFile).read())
            if let output {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                try folder.value.create(output, Array(try encoder.encode(export)) + [0x0A])
                return print("written to \(output); remove it when it is not needed any more")
            }
            var rows = [
                ["machine", sealed.machine.text], ["made", "\(timeText(sealed.made)), before \(sealed.before)"],
                ["job", "\(sealed.job)"],
            ]
            if let record = export.record {
                rows += [["name", record.name.text], ["address", record.address], ["stage", record.stage.rawValue]]
                rows +=
                    record.firmware.map { [["firmware name", $0.name.text], ["pin (SPKI SHA-256)", $0.pin]] } ?? []
            }
            for secret in export.secrets {
                rows.append([secret.purpose, reveal ? secret.value : "sealed; see --reveal"])
            }
            print(table(rows))
        }
    }
}
