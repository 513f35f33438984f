import ArgumentParser
import Foundation
import Jobs
import Vocabulary

/// `jobs approve`: a person's yes to a held job.
struct ApproveJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Lets a held job go on; the person vouches for what could not be proved.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The job's number.") var job: String
    @Option(help: "Why, for the job's timeline.") var reason = "approved at the server"

    func run() async throws { try await decide("approve", job, reason, Console(folder: folder.value)) }
}

/// `jobs reject`: a person's no.
struct RejectJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Ends a held job; what it owes the machine is still done.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The job's number.") var job: String
    @Option(help: "Why; the machine's agent shows it.") var reason: String

    func run() async throws { try await decide("reject", job, reason, Console(folder: folder.value)) }
}

/// `jobs cancel`: no more of a job, before it has done what cannot be taken back.
struct CancelJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Ends a job that has not committed anything; what it owes is still done.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The job's number.") var job: String
    @Option(help: "Why, for the job's timeline.") var reason = "cancelled at the server"

    func run() async throws { try await decide("cancel", job, reason, Console(folder: folder.value)) }
}

private func decide(_ verb: String, _ job: String, _ reason: String, _ console: Console) async throws {
    let record = try await console.ask(
        JobRecord.self, ["jobs", job, verb, Data(reason.utf8).map(hexadecimal).joined()])
    print(
        "job \(record.id): \(["approve": "approved", "reject": "rejected"][verb] ?? "is being cancelled"), \(record.state.rawValue)"
    )
}

/// Free text goes through the console's paths as digits.
private func hexadecimal(_ byte: UInt8) -> String { [UInt8]([byte]).hexadecimal }
