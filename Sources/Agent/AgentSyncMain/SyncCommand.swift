import AMTHI
import AgentCore
import AgentOptions
import ArgumentParser
import Glibc
import Reconciliation
import Vocabulary
import Wire

/// `sync`: asks the server to make the names match, proves the machine, follows the job.
struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Have the server make the names match, and wait for it.",
        discussion: """
            Exit status: 0 names match, 11 firmware not provisioned, 12 no AMT, 13 firmware unreadable, \
            30 server refused, 31 job failed, 32 job held for a person, 33 server not reachable or job not done in time, \
            64 usage, 65 bad answer, 69 server not trusted or failing, 78 configuration. \
            With --dry-run: as check.
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var looking: LookingOptions

    @Option(help: "Where an unfinished request and the due restoring are noted. Default: /var/lib/namesake.")
    var stateDirectory: String?

    @Flag(help: "Say what would be asked, and ask nothing.")
    var dryRun = false

    @Flag(help: "Go on with what an earlier run could not end; nothing where there is nothing.")
    var resume = false

    @Flag(help: "Let a firmware that is not set up ask for it, when the server wants that.")
    var startConfiguration = false

    func validate() throws {
        guard !dryRun || !resume else { throw ValidationError("--dry-run and --resume do not go together.") }
    }

    func run() async throws {
        let signals = interruptions()
        let status: ExitStatus
        do throws(Failure) {
            if dryRun {
                status = try await rehearse(try Errand(self))
            } else if resume {
                status = try await goOn(signals)
            } else {
                status = try await sync(try Errand(self), signals)
            }
        } catch {
            status = ExitStatus(error)
            if looking.json { print(SyncResult(failure: error).json.rendered) }
            complain(error.explanation)
        }
        throw ExitCode(status.rawValue)
    }

    /// What one run is about, from the command line or from an earlier one.
    private struct Errand {
        var names: NameSources
        var firmware: DevicePort
        var request: (_ machine: MachineID) -> StoredRequest
        var enrolment: String
        var startConfiguration: Bool

        init(_ command: SyncCommand) throws(Failure) {
            let settings = try command.looking.settings()
            names = command.looking.names(settings)
            firmware = DevicePort(
                address: settings.device ?? .probe, patience: command.looking.patience, system: command.looking.system,
                localProgram: Self.localProgram(command, settings.device))
            enrolment = command.server.enrolment ?? ServerOptions.usualEnrolment
            startConfiguration = command.startConfiguration
            request = { [enrolment] machine in
                StoredRequest(
                    machine: machine, enrolment: enrolment, name: command.looking.name,
                    nameRules: settings.nameRules.map(\.word), device: command.looking.device,
                    startConfiguration: command.startConfiguration)
            }
        }

        /// The package has it in the folder of this program, and so has a build.
        private static func localProgram(_ command: SyncCommand, _ device: DeviceAddress?) -> LocalProgram {
            let arguments = ["board-proof"] + command.looking.forLocal(device.map { "\($0)" }, os: nil)
            // Where the firmware speaks TLS, the server's authority has issued its certificate.
            let trust = ["--enrolment", command.server.enrolment ?? ServerOptions.usualEnrolment]
            return LocalProgram("\(ownFolder())/namesake-agent-local", arguments + trust)
        }
    }

    private var directory: String { stateDirectory ?? ServerOptions.usualStateDirectory }

    /// Goes on where an earlier run was cut off, by what it was told; what is on the command line goes before that.
    private func goOn(_ signals: AsyncStream<Int32>) async throws(Failure) -> ExitStatus {
        let stored = try StoredRequest.read(in: directory)
        var command = self
        if let stored {
            command.looking.name = looking.name ?? stored.name
            command.looking.nameRules = looking.nameRules ?? stored.nameRules.joined(separator: ",")
            command.looking.device = looking.device ?? stored.device
            command.server.enrolment = server.enrolment ?? stored.enrolment
            command.startConfiguration = startConfiguration || stored.startConfiguration
        }
        guard stored != nil || RestoreMarker.isDue(in: directory) else {
            return nothingToResume("there is no unfinished request")
        }
        let errand = try Errand(command)
        if let stored, let machine = try await errand.firmware.read().machine, machine != stored.machine {
            try StoredRequest.remove(in: directory)
            return nothingToResume("the request was another machine's, \(stored.machine); it was removed")
        }
        return try await command.sync(errand, signals)
    }

    private func nothingToResume(_ why: String) -> ExitStatus {
        let object = JSONText.object([
            .init("command", .text("sync")), .init("agentVersion", .text(agentVersion)),
            .init("result", .text("nothing-to-resume")), .init("exitStatus", .number(0)), .init("message", .text(why)),
        ])
        print(looking.json ? object.rendered : "nothing to resume: \(why)")
        return .match
    }

    /// Says what would be asked; asks nothing, writes nothing.
    private func rehearse(_ errand: Errand) async throws(Failure) -> ExitStatus {
        let enrolment = try readEnrolment(errand.enrolment)
        let os = try findOSName(errand.names)
        let facts = try await errand.firmware.read()
        let rehearsal = SyncRehearsal(server: enrolment.server, report: try makeReport(facts, os), facts: facts, os: os)
        print(looking.json ? rehearsal.json.rendered : rehearsal.text)
        return ExitStatus(rehearsal.verdict)
    }

    private func sync(_ errand: Errand, _ signals: AsyncStream<Int32>) async throws(Failure) -> ExitStatus {
        let start = ContinuousClock.now
        let enrolment = try readEnrolment(errand.enrolment)
        let os = try findOSName(errand.names)
        let facts = try await errand.firmware.read()
        var report = try makeReport(facts, os)
        if !startConfiguration, facts.provisioningState == .pre || facts.provisioningState == .in {
            throw Failure(
                .firmwareStateUnexpected,
                "the firmware is not provisioned (it says: \(facts.provisioningState)), so it has no name to mend",
                hint: "Its server provisions it when it says hello; --start-configuration lets it ask for that now.")
        }
        let (marker, isOurs) = try restoreMarker()
        if isOurs { try errand.request(report.machine).write(in: directory) }
        var identity = isOurs ? try MachineIdentity(in: directory) : nil
        if isOurs, identity == nil { identity = try MachineIdentity(newIn: directory) }
        report.agentKey = try identity?.keyName
        let connection = try CurlConnection(enrolment, as: identity)
        defer { connection.close() }

        var pace = SyncPace()
        pace.timeout = server.limit
        let output = looking.json ? STDERR_FILENO : STDOUT_FILENO
        var display = ProgressDisplay(
            isatty(output) == 1 ? .redrawn : .lines, elapsed: { .now - start }, write: { writeAll($0, to: output) })
        let outcome = await SyncRun(
            connection: connection, firmware: errand.firmware, report: report, marker: marker, pace: pace
        ).run(interruptions: signals, display: &display)
        display.end()
        if outcome.exitStatus == .match {
            do throws(Failure) {
                try await identity?.order(report.machine, job: outcome.job, at: enrolment, through: connection)
            } catch {
                complain("namesake-agent: note: no certificate of the machine's own: \(error.message)")
            }
        }

        if isOurs, outcome.exitStatus == .match {
            try BuildMarkerFile(machine: report.machine, job: outcome.job).write(in: directory)
        }

        let result = SyncResult(os: os, before: facts, outcome: outcome)
        print(looking.json ? result.json.rendered : result.text)
        if let failure = outcome.failure { complain(failure.explanation) }
        if let left = outcome.leftBehind, left != outcome.failure { complain(left.explanation) }
        if isOurs, !outcome.isUnfinished { try StoredRequest.remove(in: directory) }
        if isOurs, outcome.isUnfinished {
            complain("namesake-agent: note: the request is kept in \(directory); namesake-agent sync --resume goes on")
        }
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
            firmwareName: facts.nameText, provisioningState: facts.provisioningState, controlMode: facts.controlMode,
            offersStartConfiguration: startConfiguration ? true : nil)
    }

    /// The directory is made where it is the usual one; where that cannot be, going on is better than not renaming.
    private func restoreMarker() throws(Failure) -> (RestoreMarker?, isOurs: Bool) {
        if let stateDirectory { return (try RestoreMarker(directory: stateDirectory, create: true), true) }
        do throws(Failure) { return (try RestoreMarker(directory: directory, create: true), true) } catch {
            complain(
                "namesake-agent: note: \(error.message); after a power cut nothing is resumed, and one during the proof of "
                    + "the machine leaves the firmware a wrong host name until the next sync")
            return (nil, false)
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
