import Reconciliation
package import Vocabulary
import Wire

/// The end of `sync`, for people and for programs.
package struct SyncResult: Sendable {
    private let os: OSName?
    private let before: FirmwareFacts?
    private let outcome: SyncOutcome?
    private let failure: Failure?

    package init(os: OSName, before: FirmwareFacts, outcome: SyncOutcome) {
        self.os = os
        self.before = before
        self.outcome = outcome
        failure = outcome.failure
    }

    /// It ended before it began.
    package init(failure: Failure) {
        os = nil
        before = nil
        outcome = nil
        self.failure = failure
    }

    /// One line for the end, and one for what the firmware said when it was asked again.
    package var text: String {
        guard let outcome else { return "stopped: \(failure.map { printable($0.message) } ?? "")" }
        var lines: [String] = []
        switch outcome.ending {
        case .inSync(let message): lines.append("in-sync: \(printable(message))")
        case .held(let message): lines.append("held: \(printable(message))")
        case .stopped: lines.append("stopped")
        case .interrupted: lines.append("interrupted")
        case .jobEnded(let progress):
            lines.append("\(outcome.word): job \(progress.job): \(printable(progress.message))")
        }
        if case .success(let facts) = outcome.firmware {
            let name = facts.nameText.map { $0.isEmpty ? "nameless" : printable($0) } ?? "unreadable"
            let verdict = facts.verdict(os: .name(outcome.trueName)).word
            lines.append("\(verdict): operating system \(outcome.trueName), firmware \(name)")
        }
        return lines.joined(separator: "\n")
    }

    /// Names of members are never changed or removed.
    package var json: JSONText {
        let after: FirmwareFacts? = if case .success(let facts) = outcome?.firmware { facts } else { nil }
        let progress: JobProgress? = if case .jobEnded(let progress) = outcome?.ending { progress } else { nil }
        let status = outcome?.exitStatus ?? failure.map { ExitStatus($0) } ?? .internalError
        return .object([
            .init("command", .text("sync")),
            .init("agentVersion", .text(agentVersion)),
            .init("result", .text(outcome?.word ?? "stopped")),
            .init("exitStatus", .number(Int(status.rawValue))),
            .init("uuid", .optional(before?.machine?.text)),
            .init("osName", .optional(os?.name.text)),
            .init("osNameRule", .optional(os?.rule.rawValue)),
            .init("firmwareNameBefore", .optional(before?.nameText)),
            .init("firmwareName", .optional(after?.nameText)),
            .init("provisioningState", .optional((after ?? before)?.provisioningState.description)),
            .init("controlMode", .optional((after ?? before)?.controlMode.description)),
            .init("job", .optional(outcome?.job)),
            .init("jobMessage", .optional(progress?.message)),
            .init("trueNameLeftUnwritten", .boolean(outcome?.nameLeftBehind != nil)),
            .init("failure", failure?.json ?? .null),
        ])
    }
}
