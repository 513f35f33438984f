import AMTHI
import AgentCore
import AgentOptions
import ArgumentParser
import LocalManagement
import Vocabulary
import WSMan

/// `capture`: all that the agent ever asks, and what this firmware answers to it.
struct CaptureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Record what this machine's firmware answers, without names and secrets, for a bug report.",
        discussion: """
            Only asks, never changes. Host names, domains, UUID, addresses, certificates and the local account's password are \
            blotted out; read the file before you send it. Exit status: 0 recorded, 12 no AMT, 13 unreadable, 77 not written.
            """)
    @OptionGroup var looking: LookingOptions
    @OptionGroup var reaching: ReachingOptions

    @Option(help: "A new file for it. Default: standard output.")
    var output: String?

    @Flag(help: "Leave the firmware's own WS-Man alone.")
    var hostInterfaceOnly = false

    func run() async throws {
        let status: ExitStatus
        do throws(Failure) { status = try await record() } catch {
            status = explain(error, json: looking.json, command: "capture")
        }
        throw ExitCode(status.rawValue)
    }

    private func record() async throws(Failure) -> ExitStatus {
        let settings = try looking.settings()
        var recording: Recording
        do throws(HostInterfaceFault) {
            recording = try Recording.make(
                at: settings.device ?? .probe, patience: looking.patience, system: looking.system)
        } catch { throw Failure(error) }
        if !hostInterfaceOnly { recording.management = try await management(settings) }
        guard let output else {
            print(recording.json.rendered)
            return .match
        }
        try writeNewFile(recording.json.rendered + "\n", to: output)
        let answered = recording.exchanges.count { $0.fault == nil }
        let object = JSONText.object([
            .init("command", .text("capture")), .init("agentVersion", .text(agentVersion)),
            .init("exitStatus", .number(0)), .init("file", .text(output)),
            .init("exchanges", .number(recording.exchanges.count)), .init("answered", .number(answered)),
        ])
        print(
            looking.json
                ? object.rendered : "\(output): \(answered) of \(recording.exchanges.count) questions answered")
        return .match
    }

    /// What the firmware's own WS-Man answers to all that `local` asks; a fault is part of it.
    private func management(_ settings: AgentConfiguration) async throws(Failure) -> JSONText {
        let trust = try reaching.trust(settings, firmwareName: nil)
        let firmware: ReachedFirmware
        do throws(Failure) { firmware = try ReachedFirmware(settings, looking) } catch {
            return ManagementRecording.json([], seen: nil, fault: error.message)
        }
        var named = trust
        named.firmwareName = firmware.name.flatMap { try? Hostname($0) }
        let transport = LocalTransport(
            firmware.account, device: firmware.address, patience: looking.patience, lms: reaching.lms, trust: named)
        let recorder = ManagementRecording(of: transport)
        var fault: String?
        do throws(WSManFault) { _ = try await LocalFacts.read(WSManSession(over: recorder)) } catch {
            // The SHA-256 of a key would name the machine.
            if case .peerNotTrusted = error {
                fault = "the certificate of the local port is not believed"
            } else {
                fault = "\(error)"
            }
        }
        return ManagementRecording.json(recorder.exchanges, seen: transport.seen, fault: fault)
    }
}
