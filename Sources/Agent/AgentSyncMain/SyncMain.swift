import AMTHI
import AgentCore
import ArgumentParser
import Glibc
import Vocabulary
import Wire

/// `namesake-agent-sync`: asks the server to make the names match, proves the machine, follows the job.
@main
struct SyncMain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namesake-agent sync",
        abstract: "Have the server make the names match, and wait for it.",
        discussion: """
            Exit status: 0 names match, 12 no AMT, 13 firmware unreadable, 30 server refused, 31 job failed, \
            32 job held for a person, 33 server not reachable or job not done in time, 64 usage, 65 bad answer, \
            69 server not trusted or failing, 78 configuration.
            """,
        version: agentVersion)

    @Option(help: "The file that ties this machine to its server.")
    var enrolment = "/etc/namesake/enrolment.json"

    @Option(
        help:
            "The MEI device, or unix:PATH for a socket that speaks like one. Default: the right one of /dev/mei0 to 3.")
    var device: String?

    @Option(help: "The operating system's name, instead of finding it.")
    var name: String?

    @Option(help: ArgumentHelp("How long to follow the job, or try to reach the server.", valueName: "seconds"))
    var timeout: Double = 300

    @Option(help: ArgumentHelp("How long to wait for the firmware or a busy device.", valueName: "seconds"))
    var deviceTimeout: Double = 15

    @Option(help: "Where it is noted that the true name must be written back. Default: /var/lib/namesake.")
    var stateDirectory: String?

    @Flag(help: "Print JSON; the course goes to standard error.")
    var json = false

    func validate() throws {
        if let device, DeviceAddress(argument: device) == nil { throw ValidationError("--device needs a path.") }
        guard timeout > 0, timeout <= 86_400 else { throw ValidationError("--timeout takes 0 to 86400 seconds.") }
        guard deviceTimeout > 0, deviceTimeout <= 600 else {
            throw ValidationError("--device-timeout takes 0 to 600 seconds.")
        }
    }

    func run() async throws {
        let signals = interruptions()
        let status: ExitStatus
        do throws(Failure) {
            status = try await sync(signals)
        } catch {
            status = ExitStatus(error)
            if json { print(SyncResult(failure: error).json.rendered) }
            complain(error.explanation)
        }
        throw ExitCode(status.rawValue)
    }

    private func sync(_ signals: AsyncStream<Int32>) async throws(Failure) -> ExitStatus {
        let start = ContinuousClock.now
        let enrolment = try readEnrolment(enrolment)
        let firmware = DevicePort(
            address: device.flatMap { DeviceAddress(argument: $0) } ?? .probe,
            patience: DevicePatience().within(.milliseconds(Int(deviceTimeout * 1000))))
        let os = try findOSName(.system(override: name))
        let facts = try await firmware.read()
        let report = try makeReport(facts, os)
        let marker = try restoreMarker()
        let connection = try CurlConnection(enrolment)
        defer { connection.close() }

        var pace = SyncPace()
        pace.timeout = .milliseconds(Int(timeout * 1000))
        let output = json ? STDERR_FILENO : STDOUT_FILENO
        var display = ProgressDisplay(
            isatty(output) == 1 ? .redrawn : .lines, elapsed: { .now - start }, write: { writeAll($0, to: output) })
        let outcome = await SyncRun(
            connection: connection, firmware: firmware, report: report, marker: marker, pace: pace
        ).run(interruptions: signals, display: &display)
        display.end()

        let result = SyncResult(os: os, before: facts, outcome: outcome)
        print(json ? result.json.rendered : result.text)
        if let failure = outcome.failure { complain(failure.explanation) }
        if let left = outcome.leftBehind, left != outcome.failure { complain(left.explanation) }
        return outcome.exitStatus
    }

    private func makeReport(_ facts: FirmwareFacts, _ os: OSName) throws(Failure) -> Report {
        guard let machine = facts.machine else {
            throw Failure(
                .deviceRefused,
                "the firmware does not tell the machine's UUID, without which the server cannot know it",
                hint: "Try again in a minute; if it stays so, the firmware needs an update.")
        }
        return Report(
            agentVersion: agentVersion, machine: machine, osName: os.name, osNameRule: os.rule.rawValue,
            firmwareName: facts.nameText, provisioningState: facts.provisioningState, controlMode: facts.controlMode)
    }

    /// The directory is made where it is the usual one; where that cannot be, going on is better than not renaming.
    private func restoreMarker() throws(Failure) -> RestoreMarker? {
        if let stateDirectory { return try RestoreMarker(directory: stateDirectory, create: true) }
        do throws(Failure) { return try RestoreMarker(directory: "/var/lib/namesake", create: true) } catch {
            complain(
                "namesake-agent: note: \(error.message); after a power cut during the proof of the machine, the firmware "
                    + "would keep a wrong host name until the next sync")
            return nil
        }
    }
}

/// Writes text whole; where no one reads any more, nothing is lost.
private func writeAll(_ text: String, to descriptor: CInt) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}
