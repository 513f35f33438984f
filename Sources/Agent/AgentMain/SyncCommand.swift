import AgentCore
import ArgumentParser
import Glibc
import Vocabulary

/// Hands over to the program that speaks to the server.
///
/// It is another program because it needs libcurl, which would make every start of this one slower.
struct SyncCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Have the server make the names match, and wait for it.",
        discussion: "All arguments go to namesake-agent-sync; see namesake-agent sync --help.")

    @Argument(parsing: .captureForPassthrough, help: "Arguments of namesake-agent-sync.")
    var arguments: [String] = []

    func run() throws { throw handOver(to: "namesake-agent-sync", ["sync"] + arguments) }
}

struct EnrollCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll", abstract: "Tie this machine to its server: check an enrolment file and put it in place.",
        discussion: "See namesake-agent enroll --help.")

    @Argument(parsing: .captureForPassthrough, help: "Arguments of namesake-agent-sync enroll.")
    var arguments: [String] = []

    func run() throws { throw handOver(to: "namesake-agent-sync", ["enroll"] + arguments) }
}

struct ExpectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expect", abstract: "Ask the server early whether this machine may have a name.",
        discussion: "See namesake-agent expect --help.")

    @Argument(parsing: .captureForPassthrough, help: "Arguments of namesake-agent-sync expect.")
    var arguments: [String] = []

    func run() throws { throw handOver(to: "namesake-agent-sync", ["expect"] + arguments) }
}

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look at everything that sync needs, and say what to do about it.",
        discussion: "See namesake-agent doctor --help.")

    @Argument(parsing: .captureForPassthrough, help: "Arguments of namesake-agent-sync doctor.")
    var arguments: [String] = []

    func run() throws { throw handOver(to: "namesake-agent-sync", ["doctor"] + arguments) }
}

struct LocalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local", abstract: "Show what only the firmware's own WS-Man tells of its names.",
        discussion: "See namesake-agent local --help.")

    @Argument(parsing: .captureForPassthrough, help: "Arguments of namesake-agent-local.")
    var arguments: [String] = []

    func run() throws { throw handOver(to: "namesake-agent-local", ["local"] + arguments) }
}

struct CaptureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Record what this machine's firmware answers, without names and secrets, for a bug report.",
        discussion: "See namesake-agent capture --help.")

    @Argument(parsing: .captureForPassthrough, help: "Arguments of namesake-agent-local capture.")
    var arguments: [String] = []

    func run() throws { throw handOver(to: "namesake-agent-local", ["capture"] + arguments) }
}

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Prove that the disks are blank before a build overwrites them, or refuse.",
        discussion: "See namesake-agent inspect --help.")

    @Argument(parsing: .captureForPassthrough, help: "Arguments of namesake-agent-inspect.")
    var arguments: [String] = []

    /// Nothing proved is the safe answer where the program is missing: the status says so, and never 0.
    func run() throws { throw handOver(to: "namesake-agent-inspect", arguments) }
}

/// Replaces this program by one of its helpers.
///
/// - Returns: The status to end with, when that cannot be.
private func handOver(to program: String, _ arguments: [String]) -> ExitCode {
    if let path = helper(program) {
        // The copies live until the program is replaced.
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        execv(path, words)
    }
    let failure = Failure(
        .syncProgramMissing, "\(program) cannot be run from \(places(of: program).joined(separator: " or "))",
        hint: "Install the whole package: it belongs into libexec/namesake beside bin.")
    complain(failure.explanation)
    return ExitCode(ExitStatus(failure).rawValue)
}

/// Where one of this program's helpers is, `nil` when it is not installed.
func helper(_ program: String) -> String? { places(of: program).first { access($0, X_OK) == 0 } }

/// Where the package puts a helper, then where a build does.
private func places(of program: String) -> [String] {
    let folder = ownFolder()
    return ["\(folder)/../libexec/namesake/\(program)", "\(folder)/\(program)"]
}
