import ArgumentParser
import Foundation
import Jobs
import Provisioning
import Vocabulary

/// `accounts`: the temporary accounts on firmware.
struct AccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accounts", abstract: "Shows and removes the temporary accounts on firmware.",
        subcommands: [List.self, Sweep.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What exists where and until when.",
            discussion: "good: in use until then. ended: the next sweep removes it. written: the store holds its "
                + "password, and its job has not yet said that the firmware has it.")
        @OptionGroup var folder: FolderOption
        @Flag(help: "The accounts as JSON.") var json = false

        func run() async throws {
            let console = Console(folder: folder.value)
            if json { return print(String(decoding: try await console.ask(["accounts"]), as: UTF8.self)) }
            let lines = try await console.ask([AccountLine].self, ["accounts"])
            print(
                table(
                    [["MACHINE", "FIRMWARE", "ACCOUNT", "HANDLE", "ENDS", "STATE"]]
                        + lines.map {
                            [
                                $0.machine.text, $0.firmware.text, $0.account, $0.handle.map(String.init) ?? "-",
                                timeText($0.ends), $0.state.rawValue,
                            ]
                        }))
        }
    }

    struct Sweep: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Looks at one machine now, and removes accounts of ours that ended or that nobody knows.")
        @OptionGroup var folder: FolderOption
        @Argument(help: "The machine's UUID.") var machine: String

        func run() async throws {
            let job = try await Console(folder: folder.value).ask(JobRecord.self, ["accounts", "sweep", machine])
            print("job \(job.id): \(job.kind.rawValue); follow it with `namesake-server jobs show \(job.id)`")
        }
    }
}

/// `devices renew`: another certificate for the same name.
struct RenewDevice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Gives a managed firmware a new key and certificate for the name it has.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The machine's UUID.") var machine: String

    func run() async throws {
        let job = try await Console(folder: folder.value).ask(JobRecord.self, ["devices", machine, "renew"])
        print("job \(job.id): \(job.kind.rawValue); follow it with `namesake-server jobs show \(job.id)`")
    }
}
