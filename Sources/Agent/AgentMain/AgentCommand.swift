import AgentCore
import AgentOptions
import ArgumentParser
import Glibc
import Vocabulary

/// `namesake-agent`: looks at one machine's names.
@main
struct AgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namesake-agent",
        abstract: "Keeps the names of this computer and of its Intel AMT firmware the same.",
        discussion: """
            Exit status: 0 names match, 10 they differ, 11 firmware not provisioned, 12 no AMT, 13 firmware unreadable, \
            20 prior installation, 21 disks not proved blank, 22 factory image, 30 server refused, 31 job failed, 32 job held for a person, 33 server not reachable in time, \
            64 usage, 65 bad data, 69 unavailable, 70 internal error, 77 permission, 78 configuration.
            """,
        version: agentVersion,
        subcommands: [
            StatusCommand.self, CheckCommand.self, SyncCommand.self, EnrollCommand.self, ExpectCommand.self,
            DoctorCommand.self, CaptureCommand.self, LocalCommand.self, InspectCommand.self,
            VersionCommand.self,
        ])

    /// No command is wrong usage, not a success that a task sequence would take for a match.
    func run() throws {
        complain(Self.helpMessage())
        throw ExitCode(ExitStatus.usage.rawValue)
    }

    static func main() {
        giveUpPrivileges()
        main(programArguments())
    }
}

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show names, state and versions.",
        discussion: "Exit status: 0 when all could be read, whatever it says; otherwise as check.")
    @OptionGroup var options: LookingOptions

    @Flag(help: "Say in plain words why names differ and what will be done.")
    var explain = false

    @Flag(help: "Do not ask DNS, which may take seconds.")
    var noDNS = false

    @Flag(help: "Do not ask the firmware's own WS-Man, which may take longer.")
    var noLocal = false

    func run() throws {
        try attempt(json: options.json, command: "status") { () throws(Failure) in
            var found = try options.observe(.everything, asksDNS: !noDNS)
            if !noLocal, let device = found.device, found.firmware?.provisioningState == .post {
                let asked = ["local", "--json"] + options.forLocal(device, os: found.foundName?.name.text)
                found.local = local(asked)
            }
            if options.json {
                print(found.json(command: "status", explained: explain).rendered)
            } else {
                print(found.table(coloured: wantsColour))
                if explain { printParagraphs(found.explanation) }
            }
            return finish(found, found.failure == nil ? .match : found.exitStatus)
        }
    }

    private func local(_ arguments: [String]) -> LocalNames {
        guard let path = helper("namesake-agent-local") else {
            return LocalNames(unreadable: "namesake-agent-local is not installed")
        }
        return LocalProgram(path, arguments, patience: .seconds(40)).names()
    }

    /// On a terminal that can, unless NO_COLOR says otherwise (no-color.org).
    private var wantsColour: Bool {
        func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
        return isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR").isEmpty && variable("TERM") != "dumb"
    }
}

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compare the names, in one line and an exit status.",
        discussion: "Exit status: 0 match, 10 mismatch, 11 not provisioned or in progress, 12 no AMT, 13 unreadable.")
    @OptionGroup var options: LookingOptions

    @Flag(help: "Say in plain words why names differ and what will be done.")
    var explain = false

    func run() throws {
        try attempt(json: options.json, command: "check") { () throws(Failure) in
            let found = try options.observe(.names)
            print(options.json ? found.json(command: "check", explained: explain).rendered : found.line)
            if explain, !options.json { printParagraphs(found.explanation) }
            return finish(found, found.exitStatus)
        }
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

/// Explains a failure on standard error.
private func finish(_ found: Observation, _ status: ExitStatus) -> ExitStatus {
    if let failure = found.failure { complain(failure.explanation) }
    return status
}

/// Runs a command's work and ends with its status.
func attempt(json: Bool, command: String, _ work: () throws(Failure) -> ExitStatus) throws -> Never {
    let status: ExitStatus
    do throws(Failure) { status = try work() } catch {
        status = AgentOptions.explain(error, json: json, command: command)
    }
    throw ExitCode(status.rawValue)
}

private func printParagraphs(_ paragraphs: [String]) {
    for paragraph in paragraphs { print("\n" + paragraph) }
}
