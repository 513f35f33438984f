import Reconciliation
package import Vocabulary
package import Wire

/// How `sync` ended.
package struct SyncOutcome: Hashable, Sendable {
    package enum Ending: Hashable, Sendable {
        case inSync(String)
        case jobEnded(JobProgress)
        case held(String)
        case stopped(Failure)
        case interrupted(signal: Int32)
    }

    package var ending: Ending
    package var trueName: Hostname
    package var job: String?
    /// What the firmware said after the job.
    package var firmware: Result<FirmwareFacts, Failure>?
    /// Why the true name could not be written back, when another may still be in the firmware.
    package var nameLeftBehind: Failure?

    package init(
        ending: Ending, trueName: Hostname, job: String? = nil, firmware: Result<FirmwareFacts, Failure>? = nil,
        nameLeftBehind: Failure? = nil
    ) {
        self.ending = ending
        self.trueName = trueName
        self.job = job
        self.firmware = firmware
        self.nameLeftBehind = nameLeftBehind
    }

    /// A word for programs; never changed.
    package var word: String {
        switch ending {
        case .inSync: "in-sync"
        case .jobEnded(let progress): failure?.code == .proofFailed ? "failed" : progress.state.rawValue
        case .held: "held"
        case .stopped: "stopped"
        case .interrupted: "interrupted"
        }
    }

    /// What went wrong, when something did.
    package var failure: Failure? { ownFailure ?? leftBehind }

    /// A foreign name in the firmware is worth telling, however well the job went.
    package var leftBehind: Failure? {
        nameLeftBehind.map {
            Failure(
                $0.code, "the true name \(trueName) could not be written back to the firmware: \($0.message)",
                hint: "Run namesake-agent sync again: it writes the true name before anything else.")
        }
    }

    private var ownFailure: Failure? {
        switch ending {
        case .inSync: nil
        case .held(let message): Failure(.jobHeld, message, hint: "A person at the server has to decide.")
        case .stopped(let failure): failure
        case .interrupted(let signal):
            Failure(
                .interrupted, "ended by signal \(signal)" + (job.map { "; the job \($0) goes on at the server" } ?? ""),
                hint: "Run namesake-agent sync again to follow it.")
        case .jobEnded(let progress): failure(after: progress)
        }
    }

    private func failure(after progress: JobProgress) -> Failure? {
        switch progress.state {
        case .failed:
            return Failure(
                .jobFailed, "the job \(progress.job) failed: \(progress.message)",
                hint: progress.hint ?? Self.look(progress))
        case .held:
            return Failure(
                .jobHeld, "the job \(progress.job) is held: \(progress.message)",
                hint: progress.hint ?? Self.look(progress))
        default: break
        }
        switch firmware {
        case .failure(let failure): return failure
        case nil: return nil
        case .success(let facts):
            guard facts.verdict(os: .name(trueName)) != .match else { return nil }
            return Failure(
                .proofFailed,
                "the job \(progress.job) is done, and the firmware still calls itself "
                    + (facts.nameText.map { $0.isEmpty ? "nothing" : $0 } ?? "something that cannot be read"),
                hint: Self.look(progress))
        }
    }

    private static func look(_ progress: JobProgress) -> String {
        "See its steps at the server: namesake-server jobs show \(progress.job)."
    }

    /// Whether a later run may still bring it to its end: nobody has said yes or no.
    package var isUnfinished: Bool {
        switch ending {
        case .interrupted: true
        case .stopped(let failure): failure.remedy == .wait || nameLeftBehind != nil
        default: nameLeftBehind != nil
        }
    }

    package var exitStatus: ExitStatus {
        // What a shell reports of a process that a signal ended.
        if case .interrupted(let signal) = ending { return ExitStatus(rawValue: 128 + signal) }
        return failure.map { ExitStatus($0) } ?? .match
    }
}
