import AMTHI
import AgentCore
import AgentOptions
import ArgumentParser
import Vocabulary

struct CaptureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Record what this machine's firmware answers, without names and secrets, for a bug report.",
        discussion: """
            Only asks, never changes. Host names, domains, UUID, addresses and the local account's password are blotted out; \
            read the file before you send it. Exit status: 0 recorded, 12 no AMT, 13 unreadable, 77 not written.
            """)
    @OptionGroup var options: LookingOptions

    @Option(help: "A new file for it. Default: standard output.")
    var output: String?

    func run() throws {
        try attempt(json: options.json, command: "capture") { () throws(Failure) in
            let settings = try options.settings()
            let recording: Recording
            do throws(HostInterfaceFault) {
                recording = try Recording.make(
                    at: settings.device ?? .probe, patience: options.patience, system: options.system)
            } catch { throw Failure(error) }
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
                options.json
                    ? object.rendered : "\(output): \(answered) of \(recording.exchanges.count) questions answered")
            return .match
        }
    }
}
