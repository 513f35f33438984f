import ArgumentParser
import Foundation
import Jobs
import Provisioning
import Vocabulary

/// What the three verbs share that change a firmware by a person's will.
struct RouteOptions: ParsableArguments {
    @OptionGroup var folder: FolderOption
    @Argument(help: "The machine's UUID.") var machine: String
    @Flag(name: .customLong("dry-run"), help: "Say what would be done, and do nothing.") var dryRun = false

    /// Asks the server and prints what it begins, or would.
    func begin(_ words: [String]) async throws {
        let verb = ["devices", machine] + (dryRun ? ["dry-run"] : []) + words
        let plan = try await Console(folder: folder.value).ask(RoutePlan.self, verb)
        if let job = plan.job {
            return print("job \(job): \(plan.kind.rawValue); follow it with `namesake-server jobs show \(job)`")
        }
        print("would \(plan.kind.rawValue) \(plan.machine) as \(plan.name), in these steps:")
        for step in plan.steps { print("  \(step)") }
        if let obstacle = plan.obstacle { throw obstacle }
        print("nothing speaks against it")
    }
}

/// `devices rename`: another name, in place.
struct RenameDevice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Gives a managed firmware another name, in place, without an agent.")
    @OptionGroup var options: RouteOptions
    @Argument(help: "The full name.") var name: String
    func run() async throws { try await options.begin(["rename", name]) }
}

/// `devices reprovision`: partial unprovisioning, then provisioning.
struct ReprovisionDevice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprovision", abstract: "Unprovisions a firmware in part and provisions it again.")
    @OptionGroup var options: RouteOptions
    @Option(help: "The full name; the one it has, when left out.") var name: String?
    func run() async throws { try await options.begin(["reprovision"] + (name.map { [$0] } ?? [])) }
}

/// `devices unprovision`: back to set-up, or to the factory's state.
struct UnprovisionDevice: AsyncParsableCommand {
    enum Extent: String, EnumerableFlag {
        case partial
        case full

        static func help(for value: Extent) -> ArgumentHelp? {
            value == .partial
                ? "Keep admin, names and root hashes; the firmware is open for set-up, for six hours."
                : "Back to the factory's state; custom root hashes are lost and the network interface closes."
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "unprovision", abstract: "Takes a firmware back; its record is held afterwards.")
    @OptionGroup var options: RouteOptions
    @Flag var extent: Extent
    func run() async throws { try await options.begin(["unprovision", extent.rawValue]) }
}
