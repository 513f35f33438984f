import ArgumentParser
import Fleet
import Foundation
import Jobs
import Vocabulary

/// `devices retire`: out of use.
struct RetireDevice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire", abstract: "Takes a machine out of use: its name is free, its certificate revoked.",
        discussion:
            "Record and secrets are kept: its firmware still has the password. After a board swap, --replaced-by "
            + "names the machine that the new board is.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The machine's UUID.") var machine: String
    @Option(help: "The UUID of the machine that has its place now.") var replacedBy: String?

    func run() async throws {
        let record = try await Console(folder: folder.value).ask(
            DeviceRecord.self, ["devices", machine, "retire"] + (replacedBy.map { [$0] } ?? []))
        print("\(record.machine) is retired; the name '\(record.name)' is free")
    }
}

/// `devices readmit`: the same record, provisioned again.
struct ReadmitDevice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "readmit",
        abstract: "Provisions a machine again whose firmware was unprovisioned, or that was retired; its record stays.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The machine's UUID.") var machine: String

    func run() async throws {
        let job = try await Console(folder: folder.value).ask(JobRecord.self, ["devices", machine, "readmit"])
        print("job \(job.id): \(job.kind.rawValue); follow it with `namesake-server jobs show \(job.id)`")
    }
}

/// `devices forget-agent`: its certificate counts no more.
struct ForgetAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget-agent",
        abstract: "Ends what a machine's agent may do by its own certificate; it needs a build token then.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The machine's UUID.") var machine: String

    func run() async throws {
        let record = try await Console(folder: folder.value).ask(
            DeviceRecord.self, ["devices", machine, "forget-agent"])
        print("the agent of \(record.machine) needs a build token now")
    }
}

/// `devices moved`: where a machine is by now.
struct MovedDevice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "moved", abstract: "Says at which address a machine is by now.",
        discussion:
            "For one that says no hello and has no agent. Its next job asks there when nothing can be sent to the former "
            + "address, and believes it by the pinned key, or in set-up by the UUID.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The machine's UUID.") var machine: String
    @Argument(help: "An IP address.") var address: String

    func run() async throws {
        let record = try await Console(folder: folder.value).ask(
            DeviceRecord.self, ["devices", machine, "moved", address])
        print("\(record.machine) is looked for at \(record.movedTo ?? record.address) too")
    }
}

/// `devices export`: everything about one machine, as a file.
struct ExportDevice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Prints a machine's record, names and jobs as JSON, without secrets.",
        discussion: "Secrets are in its recovery export: `namesake-server recovery list`.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The machine's UUID.") var machine: String

    func run() async throws {
        let bytes = try await Console(folder: folder.value).ask(["devices", machine, "export"])
        print(String(decoding: bytes, as: UTF8.self))
    }
}
