import AgentCore
import AgentOptions
import ArgumentParser
import Glibc
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
                names: looking.names(settings), stateDirectory: stateDirectory ?? ServerOptions.usualStateDirectory)
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
            let identity = try MachineIdentity(in: stateDirectory ?? ServerOptions.usualStateDirectory)
            let connection = try CurlConnection(enrolment, as: identity)
            defer { connection.close() }
            let fine = [Finding("enrolment", .fine, path), try Self.finding(about: identity, at: enrolment)]
            do throws(Failure) {
                try await connection.checkToken()
                return fine + [
                    Finding("server", .fine, "\(enrolment.server) answers, and takes what this machine shows")
                ]
            } catch { return fine + [Finding("server", error)] }
        } catch { return [Finding("enrolment", error)] }
    }

    /// Whether the machine can speak for itself when the build token has ended.
    private static func finding(about identity: MachineIdentity?, at server: Enrolment) throws(Failure) -> Finding {
        guard let end = try identity?.end(at: server) else {
            return Finding(
                "certificate", .doubtful, "the machine has no certificate of its own yet",
                remedy: "A sync whose job ends well gets one; until then syncs need the build token.")
        }
        var (moment, parts) = (end, tm())
        gmtime_r(&moment, &parts)
        var text = [CChar](repeating: 0, count: 16)
        strftime(&text, text.count, "%Y-%m-%d", &parts)
        let day = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return Finding("certificate", .fine, "the machine's own, until \(day)")
    }
}
