import ArgumentParser
import Foundation
import Jobs
import Provisioning
import Vocabulary

/// `jobs`: what the server does and did.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Shows the jobs of a running server, and lets failed ones go on.",
        subcommands: [List.self, Show.self, Retry.self, ApproveJob.self, RejectJob.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A line for each job.")
        @OptionGroup var folder: FolderOption
        @Flag(help: "The jobs as JSON.") var json = false

        func run() async throws {
            let console = Console(folder: folder.value)
            if json { return print(String(decoding: try await console.ask(["jobs"]), as: UTF8.self)) }
            let jobs = try await console.ask([JobRecord].self, ["jobs"])
            print(
                table(
                    [["JOB", "KIND", "STATE", "MACHINE", "CREATED", "FAILURE"]]
                        + jobs.map {
                            [
                                "\($0.id)", $0.kind.rawValue, $0.state.rawValue, $0.machine.text, timeText($0.created),
                                $0.failure?.code.rawValue ?? "-",
                            ]
                        }))
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

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One job, with the timeline of its steps.")
        @OptionGroup var folder: FolderOption
        @Argument(help: "The job's number.") var job: String
        @Flag(help: "The page as JSON.") var json = false

        func run() async throws {
            let console = Console(folder: folder.value)
            if json { return print(String(decoding: try await console.ask(["jobs", job]), as: UTF8.self)) }
            let page = try await console.ask(JobPage.self, ["jobs", job])
            print("job \(page.job.id): \(page.job.kind.rawValue) of \(page.job.machine), \(page.job.state.rawValue)")
            let begun = page.job.created
            let rows = page.lines.map { line -> [String] in
                let (step, what) =
                    switch line.event {
                    case .began(let name): (name.rawValue, "begins")
                    case .succeeded(let name, _): (name.rawValue, "done")
                    case .failed(let name, let failure): (name.rawValue, "failed: \(failure)")
                    case .retried: ("-", "a person lets it go on")
                    case .decided(let approved, let reason):
                        ("-", "a person \(approved ? "approves" : "rejects"): \(reason)")
                    }
                return [String(format: "%9.3f s", line.time - begun), step, what]
            }
            if !rows.isEmpty { print(table([["ELAPSED", "STEP", "EVENT"]] + rows)) }
            if let failure = page.job.failure {
                print("\nwhat happened  \(failure.message)\nwhat to do     \(failure.hint ?? "see the timeline above")")
            }
        }
    }
}
