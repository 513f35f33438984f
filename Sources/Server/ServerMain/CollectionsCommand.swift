import ArgumentParser
import Fleet
import Foundation
import Jobs
import Provisioning
import StorageSQLite
import Vocabulary

/// `collections`: where machines are on their way.
struct CollectionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collections",
        abstract: "Shows which machines are staged, ready to build, building, managed, held.",
        subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A line for each collection, with its rule.")
        @OptionGroup var folder: FolderOption

        func run() async throws {
            let pages = try await Console(folder: folder.value).ask([CollectionPage].self, ["collections"])
            print(
                table(
                    [["COLLECTION", "MACHINES", "RULE"]]
                        + pages.map { [$0.name.rawValue, "\($0.machines.count)", $0.rule] }))
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The machines of one collection.")
        @OptionGroup var folder: FolderOption
        @Argument(help: "Its name; a hyphen stands for a blank: ready-to-build.") var name: String
        @Flag(help: "The records as JSON.") var json = false

        func run() async throws {
            let words = name.split(separator: " ").joined(separator: "-")
            let console = Console(folder: folder.value)
            if json { return print(String(decoding: try await console.ask(["collections", words]), as: UTF8.self)) }
            for page in try await console.ask([CollectionPage].self, ["collections", words]) {
                print(
                    table(
                        [["MACHINE", "NAME", "ADDRESS", "DISKS", "NOTE"]]
                            + page.machines.map {
                                [
                                    $0.machine.text, $0.name.text, $0.address, $0.disks?.rawValue ?? "not inspected",
                                    $0.note ?? "-",
                                ]
                            }))
            }
        }
    }
}

/// `devices boot-pxe`: a boot from the network, once, now.
struct BootDevice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boot-pxe", abstract: "Lets a machine boot from the network, once, now: it is reset or powered on."
    )
    @OptionGroup var folder: FolderOption
    @Argument(help: "The machine's UUID.") var machine: String

    func run() async throws {
        let job = try await Console(folder: folder.value).ask(JobRecord.self, ["devices", machine, "boot-pxe"])
        print("job \(job.id): \(job.kind.rawValue); follow it with `namesake-server jobs show \(job.id)`")
    }
}

/// `webhooks`: who is told of changes, and how far each is.
struct WebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks", abstract: "Shows how far each webhook is, and lets one be told again.",
        subcommands: [List.self, Changes.self, Replay.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A line for each webhook.")
        @OptionGroup var folder: FolderOption

        func run() async throws {
            let store = try folder.value.existingStore()
            var rows = [["WEBHOOK", "TAKEN", "LEFT", "TRIES", "PROBLEM"]]
            for state in try await store.readers() where state.name.hasPrefix("webhook:") {
                let left = try await store.changes(after: state.taken, limit: 10_000).count
                rows.append([
                    String(state.name.dropFirst("webhook:".count)), "\(state.taken)", "\(left)", "\(state.tries)",
                    state.problem ?? "-",
                ])
            }
            print(table(rows))
        }
    }

    struct Changes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What changed, oldest first.")
        @OptionGroup var folder: FolderOption
        @Option(help: "Changes after this number.") var after: Int64 = 0

        func run() async throws {
            let changes = try await folder.value.existingStore().changes(after: after, limit: 1000)
            print(
                table(
                    [["CHANGE", "TIME", "MACHINE", "NAME", "FROM", "TO"]]
                        + changes.map {
                            [
                                "\($0.sequence)", timeText($0.at), $0.machine.text, $0.name,
                                $0.from?.rawValue ?? "new", $0.to?.rawValue ?? "retired",
                            ]
                        }))
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a webhook be told again, from a change on; or skips what it will never take.")
        @OptionGroup var folder: FolderOption
        @Argument(help: "The webhook's name.") var name: String
        @Option(help: "The first change to tell, a number of `webhooks changes`.") var from: Int64

        func run() async throws {
            let store = try folder.value.existingStore()
            guard try await store.readers().contains(where: { $0.name == "webhook:\(name)" }) else {
                throw Failure(
                    .machineUnknown, "there is no webhook '\(name.prefix(40))'",
                    hint: "Take one from `webhooks list`; one that was just configured appears when the server runs.")
            }
            try await store.keep(ReaderState(name: "webhook:\(name)", taken: max(0, from - 1)))
            print("the next change told to \(name) is \(max(1, from))")
        }
    }
}
