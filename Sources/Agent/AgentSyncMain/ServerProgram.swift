import AgentCore
import ArgumentParser
import Vocabulary

/// `namesake-agent-sync`: the commands of the agent that speak to the server.
@main
struct ServerProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namesake-agent",
        abstract: "The commands of namesake-agent that speak to the server.",
        version: agentVersion,
        subcommands: [
            SyncCommand.self, EnrollCommand.self, ExpectCommand.self, InspectedCommand.self, DoctorCommand.self,
        ],
        defaultSubcommand: SyncCommand.self)

    static func main() async {
        giveUpPrivileges()
        await main(programArguments())
    }
}

/// Which server, and how long to try to reach it.
struct ServerOptions: ParsableArguments {
    static let usualEnrolment = "/etc/namesake/enrolment.json"

    static let usualStateDirectory = "/var/lib/namesake"

    @Option(help: "The file that ties this machine to its server. Default: \(usualEnrolment).")
    var enrolment: String?

    @Option(help: ArgumentHelp("How long to follow the job, or try to reach the server.", valueName: "seconds"))
    var timeout: Double = 300

    func validate() throws {
        guard timeout > 0, timeout <= 86_400 else { throw ValidationError("--timeout takes 0 to 86400 seconds.") }
    }

    var limit: Duration { .milliseconds(Int(timeout * 1000)) }

    /// Asks the server until it answers or time is up.
    func ask(
        _ connection: some ServerConnection, _ question: (any ServerConnection) async throws(Failure) -> Void
    ) async throws(Failure) {
        let end = ContinuousClock.now + limit
        while true {
            do throws(Failure) { return try await question(connection) } catch {
                guard error.remedy == .wait, ContinuousClock.now + .milliseconds(500) < end else { throw error }
            }
            // Cancelled only with the whole program.
            try? await Task.sleep(for: .milliseconds(500))
        }
    }
}
