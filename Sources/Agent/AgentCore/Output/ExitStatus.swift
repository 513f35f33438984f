package import Reconciliation
package import Vocabulary

/// What the programs of the agent tell a task sequence, as a number.
///
/// The numbers never change; `Documentation/agent.md` has the table. From 64 on they are those of sysexits(3).
package struct ExitStatus: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// The names match, or were made to match.
    package static let match = ExitStatus(rawValue: 0)
    package static let mismatch = ExitStatus(rawValue: 10)
    /// The firmware is not provisioned, or just being provisioned.
    package static let unprovisioned = ExitStatus(rawValue: 11)
    package static let noAMT = ExitStatus(rawValue: 12)
    /// The firmware is there and cannot be read.
    package static let unreadable = ExitStatus(rawValue: 13)
    package static let serverRefused = ExitStatus(rawValue: 30)
    package static let jobFailed = ExitStatus(rawValue: 31)
    package static let jobHeld = ExitStatus(rawValue: 32)
    package static let serverUnreachable = ExitStatus(rawValue: 33)
    package static let usage = ExitStatus(rawValue: 64)
    package static let badData = ExitStatus(rawValue: 65)
    package static let unavailable = ExitStatus(rawValue: 69)
    package static let internalError = ExitStatus(rawValue: 70)
    package static let permission = ExitStatus(rawValue: 77)
    package static let configuration = ExitStatus(rawValue: 78)

    package init(_ verdict: NameVerdict) {
        switch verdict {
        case .match: self = .match
        case .mismatch: self = .mismatch
        case .unprovisioned, .inProgress: self = .unprovisioned
        case .noAMT: self = .noAMT
        case .unreadable: self = .unreadable
        }
    }

    package init(_ failure: Failure) { self = Self.byCode[failure.code] ?? .internalError }

    private static let byCode: [Failure.Code: ExitStatus] = [
        .noManagementEngine: .noAMT, .noHostInterface: .noAMT, .amtDisabled: .noAMT,
        .deviceForbidden: .unreadable, .deviceBusy: .unreadable, .deviceVanished: .unreadable,
        .deviceSilent: .unreadable, .deviceAnswerUnreadable: .unreadable, .deviceRefused: .unreadable,
        .deviceFailed: .unreadable, .firmwareInRecovery: .unreadable,
        .firmwareStateUnexpected: .unprovisioned, .osNameUnknown: .configuration, .nameInvalid: .usage,
        .enrolmentUnreadable: .configuration, .stateDirectoryUnusable: .configuration,
        .agentConfigurationUnusable: .configuration, .enrolmentUnwritable: .permission,
        .recordingUnwritable: .permission, .notReady: .unavailable,
        .serverRefused: .serverRefused, .serverUnreachable: .serverUnreachable, .serverNotTrusted: .unavailable,
        .serverFailed: .unavailable, .serverAnswerUnreadable: .badData, .syncProgramMissing: .unavailable,
        .proofFailed: .jobFailed, .jobFailed: .jobFailed, .jobHeld: .jobHeld,
    ]
}
