import AMTHI
import AMTOperations
import AgentCore
import AgentOptions
import ArgumentParser
import LocalManagement
import Vocabulary
import WSMan

/// `local`: what the firmware's own WS-Man says of its names, read as the local system account.
@main
struct LocalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namesake-agent local",
        abstract:
            "Show what only the firmware's own WS-Man tells: host name and domain apart, and its view of the system.",
        discussion: """
            Through Intel's LMS where it listens on 127.0.0.1:16992, else through the firmware's port forwarding client. \
            Changes nothing. Exit status: 0 read, 12 no AMT, 13 unreadable.
            """,
        version: agentVersion)
    @OptionGroup var looking: LookingOptions

    @Option(help: .hidden)
    var lmsPort: UInt16 = 16992

    static func main() async {
        giveUpPrivileges()
        await main(programArguments())
    }

    func run() async throws {
        let status: ExitStatus
        do throws(Failure) { status = try await read() } catch {
            status = explain(error, json: looking.json, command: "local")
        }
        throw ExitCode(status.rawValue)
    }

    private func read() async throws(Failure) -> ExitStatus {
        let settings = try looking.settings()
        let (address, account) = try self.account(settings.device ?? .probe)
        let session = WSManSession(
            over: LocalTransport(account, device: address, patience: looking.patience, lms: LMSAddress(port: lmsPort)))
        let general: AMT.GeneralSettings.Settings
        do throws(WSManFault) { general = try await session.perform(AMT.GeneralSettings.Get()) } catch {
            throw Failure(
                .deviceAnswerUnreadable, "the firmware's WS-Man: \(error)",
                hint: "Nothing was changed. If Intel's LMS runs here, look at it; else try again in a minute.")
        }
        let rows: [(label: String, name: String, value: JSONText)] = [
            ("host name", "hostName", .text(general.hostName)), ("domain", "domainName", .text(general.domainName)),
            ("system's name, as told to it", "hostOSFQDN", .text(general.hostOSFQDN)),
            ("shares the name", "sharedFQDN", general.sharedFQDN.map { .boolean($0) } ?? .null),
        ]
        let head: [JSONText.Member] = [
            .init("command", .text("local")), .init("agentVersion", .text(agentVersion)),
            .init("exitStatus", .number(0)),
            .init("device", .text("\(address)")),
        ]
        if looking.json {
            print(JSONText.object(head + rows.map { .init($0.name, $0.value) }).rendered)
        } else {
            for row in rows { print(Self.line(row.label, row.value)) }
        }
        return .match
    }

    private static func line(_ label: String, _ value: JSONText) -> String {
        let text =
            switch value {
            case .text(let text): text.isEmpty ? "none" : printable(text)
            case .boolean(let value): value ? "yes" : "no"
            default: "unknown"
            }
        return label + String(repeating: " ", count: 30 - label.count) + text
    }

    private func account(_ address: DeviceAddress) throws(Failure) -> (DeviceAddress, LocalSystemAccount) {
        do throws(HostInterfaceFault) {
            var device = try MEIDevice(address, patience: looking.patience, system: looking.system)
            return (device.address, try device.perform(GetLocalSystemAccount()))
        } catch { throw Failure(error) }
    }
}
