import ArgumentParser
import Fleet
import Foundation
import Jobs
import Vocabulary

/// `devices`: what the server knows of machines.
struct DevicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "Shows device records of a running server.",
        subcommands: [
            List.self, Show.self, Retry.self, LegacyTLS.self, RenameDevice.self, ReprovisionDevice.self,
            UnprovisionDevice.self, RenewDevice.self, BootDevice.self, RetireDevice.self, ReadmitDevice.self,
            ExportDevice.self, ForgetAgent.self, MovedDevice.self, LookAtDevice.self, AdoptDevice.self,
            DeviceCredentials.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A line for each machine.")
        @OptionGroup var folder: FolderOption
        @Flag(help: "The records as JSON, all of them.") var json = false
        @Flag(help: "Those that are retired too.") var all = false

        func run() async throws {
            let console = Console(folder: folder.value)
            if json { return try await console.printJSON(of: "devices", Line.self) { $0.machine.text } }
            var rows = [["MACHINE", "STAGE", "NAME", "ADDRESS", "LAST HELLO"]]
            try await console.pages(of: "devices", Line.self, key: { $0.machine.text }) { _, lines in
                rows += lines.filter { all || $0.stage != .retired }.map {
                    [$0.machine.text, $0.stage.rawValue, $0.name.text, $0.address, timeText($0.lastHello)]
                }
            }
            print(table(rows))
        }

        /// What the table shows of a record.
        private struct Line: Decodable {
            var machine: MachineID
            var stage: DeviceRecord.Stage
            var name: Hostname
            var address: String
            var lastHello: Double?
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All that is known of one machine.")
        @OptionGroup var folder: FolderOption
        @Argument(help: "The machine's UUID.") var machine: String
        @Flag(help: "The record as JSON.") var json = false

        func run() async throws {
            let console = Console(folder: folder.value)
            if json { return print(String(decoding: try await console.ask(["devices", machine]), as: UTF8.self)) }
            let record = try await console.ask(DeviceRecord.self, ["devices", machine])
            var rows = [
                ["machine", record.machine.text], ["stage", record.stage.rawValue], ["name", record.name.text],
                ["temporary host name", record.temporaryHostname], ["address", record.address],
                ["hellos", "\(record.helloCount), last \(timeText(record.lastHello))"],
            ]
            if let aliases = record.aliases, !aliases.isEmpty {
                rows.append(["former names", aliases.suffix(8).map(\.name.text).joined(separator: ", ")])
            }
            if let pid = record.preSharedKey { rows.append(["pre-shared key", PreSharedKey.written(pid)]) }
            if let note = record.note { rows.append(["note", note]) }
            if let firmware = record.firmware {
                rows += [
                    ["firmware name", firmware.name.text], ["HostOSFQDN", firmware.hostOSFQDN ?? "-"],
                    ["pin (SPKI SHA-256)", firmware.pin], ["certificate", firmware.certificateID],
                    ["key pair", firmware.keyPairID], ["proved", timeText(firmware.provedAt)],
                    ["admin password proved", timeText(firmware.adminProved)],
                    [
                        "temporary account",
                        firmware.account.map { "\($0.name), handle \($0.handle), ends \(timeText($0.ends))" } ?? "none",
                    ],
                ]
            }
            print(table(rows))
        }
    }

    struct LegacyTLS: AsyncParsableCommand {
        enum Word: String, ExpressibleByArgument, CaseIterable { case allow, forbid }

        static let configuration = CommandConfiguration(
            commandName: "legacy-tls",
            abstract: "Allows or forbids TLS 1.0 and 1.1 with one firmware, which AMT up to 11 has nothing better than."
        )
        @OptionGroup var folder: FolderOption
        @Argument(help: "The machine's UUID.") var machine: String
        @Argument(help: "allow or forbid.") var word: Word

        func run() async throws {
            _ = try await Console(folder: folder.value).ask(["devices", machine, "legacy-tls", word.rawValue])
            print("TLS 1.0 and 1.1 with \(machine): \(word == .allow ? "allowed" : "forbidden")")
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tries again to provision a machine that is held.")
        @OptionGroup var folder: FolderOption
        @Argument(help: "The machine's UUID.") var machine: String

        func run() async throws {
            let job = try await Console(folder: folder.value).ask(JobRecord.self, ["devices", machine, "retry"])
            print("job \(job.id): \(job.kind.rawValue), \(job.state.rawValue)")
        }
    }
}
