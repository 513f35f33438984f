import AgentCore
import AgentOptions
import ArgumentParser
import Vocabulary
import Wire

/// `doctor`: looks at everything that `sync` needs, and changes nothing.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at everything that sync needs, and say what to do about it.",
        discussion: "Exit status: 0 when nothing is bad, else that of the first bad thing.")

    @OptionGroup var server: ServerOptions
    @OptionGroup var looking: LookingOptions

    @Option(help: "Where sync notes what is unfinished. Default: /var/lib/namesake.")
    var stateDirectory: String?

    func run() async throws {
        var findings: [Finding] = []
        do throws(Failure) {
            let settings = try looking.settings()
            findings = examineMachine(
                at: settings.device ?? .probe, patience: looking.patience, system: looking.system,
                names: looking.names(settings), stateDirectory: stateDirectory ?? "/var/lib/namesake")
        } catch { findings.append(Finding("settings", error)) }
        findings.append(contentsOf: await examineServer())
        let status = findings.compactMap(\.failure).first.map { ExitStatus($0) } ?? .match
        if looking.json {
            print(
                JSONText.object([
                    .init("command", .text("doctor")), .init("agentVersion", .text(agentVersion)),
                    .init("exitStatus", .number(Int(status.rawValue))), .init("findings", .list(findings.map(\.json))),
                ]).rendered)
        } else {
            let width = findings.map(\.subject.count).max() ?? 0
            for finding in findings {
                let subject = finding.subject + String(repeating: " ", count: width - finding.subject.count)
                print(
                    "\(finding.word == .fine ? "ok  " : finding.word.rawValue + " ") \(subject)  \(printable(finding.text))"
                )
                if let remedy = finding.remedy { print(String(repeating: " ", count: width + 7) + printable(remedy)) }
            }
        }
        throw ExitCode(status.rawValue)
    }

    private func examineServer() async -> [Finding] {
        do throws(Failure) {
            let path = server.enrolment ?? ServerOptions.usualEnrolment
            let enrolment = try readEnrolment(path)
            let connection = try CurlConnection(enrolment)
            defer { connection.close() }
            let fine = Finding("enrolment", .fine, path)
            do throws(Failure) {
                try await connection.checkToken()
                return [fine, Finding("server", .fine, "\(enrolment.server) answers, and takes the token")]
            } catch { return [fine, Finding("server", error)] }
        } catch { return [Finding("enrolment", error)] }
    }
}
