import AgentCore
import AgentOptions
import ArgumentParser
import Glibc
import Vocabulary
import Wire

/// `inspected`: tells the server what `inspect` found; run by `inspect --report`.
struct InspectedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspected", abstract: "Tell the server what inspect found on the disks.", shouldDisplay: false)

    @Argument(help: "blank, factory, unknown or prior.")
    var verdict: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var looking: LookingOptions

    func run() async throws {
        var status = ExitStatus.match
        do throws(Failure) { try await tell() } catch { status = explain(error, json: false, command: "inspect") }
        throw ExitCode(status.rawValue)
    }

    private func tell() async throws(Failure) {
        let settings = try looking.settings()
        let enrolment = try readEnrolment(server.enrolment ?? ServerOptions.usualEnrolment)
        let firmware = DevicePort(
            address: settings.device ?? .probe, patience: looking.patience, system: looking.system)
        guard let machine = try await firmware.read().machine else {
            throw Failure(
                .deviceRefused, "the firmware does not tell the machine's UUID",
                hint: "Try again in a minute; if it stays so, the firmware needs an update.")
        }
        let connection = try CurlConnection(
            enrolment, as: try MachineIdentity(in: ServerOptions.usualStateDirectory))
        defer { connection.close() }
        let inspection = Inspection(machine: machine, verdict: verdict)
        try await server.ask(connection) { server throws(Failure) in try await server.tell(inspection) }
        complain("namesake-agent: the server was told: \(machine) is \(verdict)")
    }
}
