import ArgumentParser
import Foundation
import Jobs
import Provisioning
import Vocabulary

/// `jobs`: what the server does and did.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Shows the jobs of a running server, and lets failed ones go on.",
        subcommands: [List.self, ShowJob.self, Retry.self, CancelJob.self, ApproveJob.self, RejectJob.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A line for each job.")
        @OptionGroup var folder: FolderOption
        @Flag(help: "The jobs as JSON.") var json = false

        func run() async throws {
            let console = Console(folder: folder.value)
            if json { return try await console.printJSON(of: "jobs", JobRecord.self) { "\($0.id)" } }
            var rows = [["JOB", "KIND", "STATE", "MACHINE", "CREATED", "FAILURE"]]
            try await console.pages(of: "jobs", JobRecord.self, key: { "\($0.id)" }) { _, jobs in
                rows += jobs.map {
                    [
                        "\($0.id)", $0.kind.rawValue, $0.state.rawValue, $0.machine.text, timeText($0.created),
                        $0.failure?.code.rawValue ?? "-",
                    ]
                }
            }
            print(table(rows))
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a failed job go on from where it stopped, once its cause is mended.")
        @OptionGroup var folder: FolderOption
        @Argument(help: "The job's number.") var job: String

        func run() async throws {
            let job = try await Console(folder: folder.value).ask(JobRecord.self, ["jobs", job, "retry"])
            print("job \(job.id): \(job.kind.rawValue), \(job.state.rawValue)")
        }
    }
}
