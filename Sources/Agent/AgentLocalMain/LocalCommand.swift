import AMTOperations
import AgentCore
import AgentOptions
import ArgumentParser
import Certificates
import LocalManagement
import Reconciliation
import Vocabulary
import WSMan

/// `local`: what the firmware's own WS-Man says of its names, its TLS and its certificate, read as the local system account.
struct LocalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local",
        abstract:
            "Show what only the firmware's own WS-Man tells: names apart, its view of the system, TLS, its certificate.",
        discussion: """
            Through Intel's LMS where it listens on 127.0.0.1, else through the firmware's port forwarding client; by TLS \
            where the firmware's local ports speak that alone. Changes nothing. Exit status: 0 read, 12 no AMT, 13 \
            unreadable, 78 configuration.
            """)
    @OptionGroup var looking: LookingOptions
    @OptionGroup var reaching: ReachingOptions

    func run() async throws {
        let status: ExitStatus
        do throws(Failure) { status = try await read() } catch {
            status = explain(error, json: looking.json, command: "local")
        }
        throw ExitCode(status.rawValue)
    }

    private func read() async throws(Failure) -> ExitStatus {
        let settings = try looking.settings()
        let firmware = try ReachedFirmware(settings, looking)
        let transport = LocalTransport(
            firmware.account, device: firmware.address, patience: looking.patience, lms: reaching.lms,
            trust: try reaching.trust(settings, firmwareName: firmware.name))
        let facts: LocalFacts
        do throws(WSManFault) { facts = try await LocalFacts.read(WSManSession(over: transport)) } catch {
            throw Failure(local: error)
        }
        let os: Hostname?
        do throws(Failure) { os = try findOSName(looking.names(settings)).name } catch {
            // A system without a name still has a firmware to show; a name that was given wrongly is wrong usage.
            guard error.code != .nameInvalid else { throw error }
            os = nil
        }
        let report = LocalReport(device: "\(firmware.address)", facts: facts, seen: transport.seen, os: os)
        print(looking.json ? report.json.rendered : report.table)
        return .match
    }
}

extension Failure {
    /// Why the firmware's WS-Man could not be read.
    init(local fault: WSManFault) {
        let hint =
            switch fault {
            case .peerNotTrusted:
                "If that is this machine's firmware, give its key (--pin, or localPin in /etc/namesake/agent.json), or "
                    + "the authority of its certificate (--authorities, --on-die-roots)."
            case .authenticationRefused:
                "The local system account's password changes at a start: try again once after the next one."
            default: "Nothing was changed. If Intel's LMS runs here, look at it; else try again in a minute."
            }
        self.init(.deviceAnswerUnreadable, "the firmware's WS-Man: \(fault)", hint: hint)
    }
}
