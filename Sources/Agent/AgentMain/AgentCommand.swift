import AgentCore
import ArgumentParser
import Glibc

/// `namesake-agent`: looks at one machine's names.
@main
struct AgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namesake-agent",
        abstract: "Keeps the names of this computer and of its Intel AMT firmware the same.",
        discussion: """
            Exit status: 0 names match, 10 they differ, 11 firmware not provisioned, 12 no AMT, 13 firmware unreadable, \
            30 server refused, 31 job failed, 32 job held for a person, 33 server not reachable in time, \
            64 usage, 65 bad data, 69 unavailable, 70 internal error, 77 permission, 78 configuration.
            """,
        version: agentVersion,
        subcommands: [StatusCommand.self, CheckCommand.self, SyncCommand.self, VersionCommand.self])
}

/// What `status` and `check` share.
struct LookingOptions: ParsableArguments {
    @Option(
        help:
            "The MEI device, or unix:PATH for a socket that speaks like one. Default: the right one of /dev/mei0 to 3.")
    var device: String?

    @Option(help: "The operating system's name, instead of finding it.")
    var name: String?

    @Option(help: ArgumentHelp("How long to wait for the firmware or a busy device.", valueName: "seconds"))
    var deviceTimeout: Double = 15

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if let device, DeviceAddress(argument: device) == nil { throw ValidationError("--device needs a path.") }
        guard deviceTimeout > 0, deviceTimeout <= 600 else {
            throw ValidationError("--device-timeout takes 0 to 600 seconds.")
        }
    }

    func observe(_ extent: FirmwareFacts.Extent) -> Observation {
        Observation.make(
            extent, at: device.flatMap { DeviceAddress(argument: $0) } ?? .probe,
            patience: DevicePatience().within(.milliseconds(Int(deviceTimeout * 1000))), names: .system(override: name))
    }
}

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show names, state and versions.",
        discussion: "Exit status: 0 when all could be read, whatever it says; otherwise as check.")
    @OptionGroup var options: LookingOptions

    func run() throws {
        let found = options.observe(.everything)
        print(options.json ? found.json(command: "status").rendered : found.table)
        try finish(found, found.failure == nil ? .match : found.exitStatus)
    }
}

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compare the names, in one line and an exit status.",
        discussion: "Exit status: 0 match, 10 mismatch, 11 not provisioned or in progress, 12 no AMT, 13 unreadable.")
    @OptionGroup var options: LookingOptions

    func run() throws {
        let found = options.observe(.names)
        print(options.json ? found.json(command: "check").rendered : found.line)
        try finish(found, found.exitStatus)
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")
    @Flag(help: "Print JSON.")
    var json = false

    func run() {
        let object = JSONText.object([.init("command", .text("version")), .init("agentVersion", .text(agentVersion))])
        print(json ? object.rendered : "namesake-agent \(agentVersion)")
    }
}

/// Explains a failure on standard error and ends with the status.
func finish(_ found: Observation, _ status: ExitStatus) throws {
    if let failure = found.failure { complain(failure.explanation) }
    throw ExitCode(status.rawValue)
}
