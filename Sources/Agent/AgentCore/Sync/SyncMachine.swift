package import Vocabulary
package import Wire

/// What `sync` does next, decided without I/O: what happened goes in, what to do comes out.
///
/// It follows one rule above all: once a name that is not the machine's may have reached the firmware, nothing ends before
/// the true name was written again, or its writing failed ``restoringTries`` times and the outcome says so.
package struct SyncMachine: Sendable {
    /// What the caller does, one at a time; the result goes to ``handle(_:)``.
    package enum Action: Hashable, Sendable {
        case sendReport
        /// Note that a restoring is due, then tell the firmware this name as the operating system's.
        case writeEcho(Hostname)
        /// Tell the firmware the true name, then forget that it was due.
        case writeTrueName
        case announceWritten(job: String)
        case announceRestored(job: String)
        case poll(job: String)
        /// Let the firmware sign the server's nonce.
        case proveBoard(nonce: String)
        case tellProof(BoardProof, job: String)
        /// Open the firmware's set-up interface.
        case startConfiguration(StartOrder)
        /// Read the firmware again, after the job.
        case readFirmware
        /// The action before is still under way and must end first.
        case wait
        case finish(SyncOutcome)
    }

    package struct Step: Hashable, Sendable {
        package var action: Action
        /// Whether to pause first, because the same was just tried in vain.
        package var afterPause: Bool

        package init(action: Action, afterPause: Bool = false) {
            self.action = action
            self.afterPause = afterPause
        }
    }

    package enum Event: Sendable {
        case directed(Directive)
        case progressed(JobProgress)
        /// The server took an announcement.
        case announced
        /// The firmware took the name.
        case wrote
        case writeFailed(Failure)
        /// The firmware's set-up interface is open.
        case started
        case startFailed(Failure)
        case firmwareRead(Result<FirmwareFacts, Failure>)
        /// The firmware's signature, or why there is none: the server decides what that means.
        case proved(BoardProof)
        /// No answer from the server, or a no; the failure's remedy says which.
        case serverFailed(Failure)
        /// A signal asks to end.
        case interrupted(signal: Int32)
        case timedOut
    }

    package static let restoringTries = 3

    package let trueName: Hostname
    private var current: Action = .wait
    private var job: String?
    /// Whether a name that is not the true one may be in the firmware.
    private var foreign: Bool
    private var failedRestorings = 0
    private var lastEcho: Hostname?
    /// How often the server had missed the echo when it was last written.
    private var missed = 0
    private var restoredEcho: Hostname?
    /// The nonce that this run has had signed: each is asked for once.
    private var provedNonce: String?
    private var lastSetback: Failure?
    private var started = false
    private var ending: SyncOutcome.Ending?
    private var nameLeftBehind: Failure?
    private var firmware: Result<FirmwareFacts, Failure>?

    /// - Parameters:
    ///   - trueName: The operating system's name.
    ///   - restoringDue: Whether an earlier run was cut off before it wrote the true name back.
    package init(trueName: Hostname, restoringDue: Bool) {
        self.trueName = trueName
        foreign = restoringDue
    }

    /// The first thing to do.
    package mutating func start() -> Step { give(foreign ? .writeTrueName : .sendReport) }

    package mutating func handle(_ event: Event) -> Step {
        if case .finish = current { return Step(action: current) }
        switch event {
        case .directed(let directive): return directed(directive)
        case .progressed(let progress): return progressed(progress)
        case .proved(let proof):
            return ending == nil ? job.map { give(.tellProof(proof, job: $0)) } ?? conclude() : conclude()
        case .announced: return job.map { give(.poll(job: $0)) } ?? conclude()
        case .wrote: return wrote()
        case .writeFailed(let failure): return writeFailed(failure)
        case .started:
            started = true
            return ending == nil ? give(.sendReport, afterPause: true) : conclude()
        case .startFailed(let failure): return end(.stopped(failure))
        case .firmwareRead(let result):
            firmware = result
            return give(.finish(outcome))
        case .serverFailed(let failure) where failure.remedy == .wait:
            lastSetback = failure
            return give(current, afterPause: true)
        case .serverFailed(let failure): return end(.stopped(failure))
        case .interrupted(let signal): return cut(.interrupted(signal: signal))
        case .timedOut: return cut(.stopped(tooLate))
        }
    }

    // MARK: the server's words

    private mutating func directed(_ directive: Directive) -> Step {
        lastSetback = nil
        switch directive.verdict {
        case .inSync: return end(.inSync(directive.message))
        case .held: return end(.held(directive.message))
        case .provisioning:
            guard !started, let order = directive.startConfiguration else { return give(.sendReport, afterPause: true) }
            return give(.startConfiguration(order))
        case .follow:
            guard let job = directive.job else {
                return end(
                    .stopped(
                        Failure(
                            .serverAnswerUnreadable, "the server asks to follow a job and names none",
                            hint: "Agent and server are of versions that do not fit: update the older one.")))
            }
            self.job = job
            return prove(directive.board) ?? echo(directive.echo) ?? give(.poll(job: job))
        }
    }

    private mutating func progressed(_ progress: JobProgress) -> Step {
        lastSetback = nil
        if progress.state.isFinal { return end(.jobEnded(progress)) }
        return prove(progress.board) ?? echo(progress.echo) ?? give(.poll(job: progress.job))
    }

    /// Has the board proved before the echo: the server looks for both as soon as it hears of the echo.
    private mutating func prove(_ challenge: BoardChallenge?) -> Step? {
        guard let challenge, !challenge.answered, provedNonce != challenge.nonce, !foreign else { return nil }
        provedNonce = challenge.nonce
        return give(.proveBoard(nonce: challenge.nonce))
    }

    /// What the echo asks for now, `nil` when nothing.
    private mutating func echo(_ echo: HostNameEcho?) -> Step? {
        guard let echo else { return nil }
        if echo.seen {
            // Another run of this agent may have written it and been cut off: the true name is written either way.
            return restoredEcho == echo.name ? nil : give(.writeTrueName, echo: echo.name)
        }
        let again = echo.missed ?? 0
        if lastEcho == echo.name, again <= missed { return nil }
        missed = again
        return give(.writeEcho(echo.name), echo: echo.name)
    }

    // MARK: the firmware's answers

    private mutating func wrote() -> Step {
        switch current {
        case .writeEcho where ending == nil: return job.map { give(.announceWritten(job: $0)) } ?? conclude()
        case .writeTrueName:
            foreign = false
            failedRestorings = 0
            restoredEcho = lastEcho
            if ending != nil { return conclude() }
            return give(job.map { .announceRestored(job: $0) } ?? .sendReport)
        default: return conclude()
        }
    }

    private mutating func writeFailed(_ failure: Failure) -> Step {
        guard current == .writeTrueName else { return end(.stopped(failure)) }
        failedRestorings += 1
        if failedRestorings < Self.restoringTries { return give(.writeTrueName, afterPause: true) }
        nameLeftBehind = failure
        ending = ending ?? .stopped(failure)
        return give(.finish(outcome))
    }

    // MARK: the end

    private mutating func end(_ ending: SyncOutcome.Ending) -> Step {
        self.ending = self.ending ?? ending
        return conclude()
    }

    /// Ends early; what the device is doing is not left halfway.
    private mutating func cut(_ ending: SyncOutcome.Ending) -> Step {
        switch current {
        case .readFirmware: return Step(action: .wait)
        case .writeEcho, .writeTrueName, .startConfiguration, .proveBoard:
            self.ending = self.ending ?? ending
            return Step(action: .wait)
        default: return end(ending)
        }
    }

    private mutating func conclude() -> Step {
        if foreign { return give(.writeTrueName) }
        if case .jobEnded = ending { return give(.readFirmware) }
        return give(.finish(outcome))
    }

    private var outcome: SyncOutcome {
        SyncOutcome(
            ending: ending ?? .stopped(tooLate), trueName: trueName, job: job, firmware: firmware,
            nameLeftBehind: nameLeftBehind)
    }

    private var tooLate: Failure {
        guard let lastSetback else {
            return Failure(
                .serverUnreachable,
                job.map { "the job \($0) did not end in the time given" }
                    ?? "the firmware was not provisioned in the time given",
                hint: "It goes on at the server. Run namesake-agent sync again to follow it to its end.", remedy: .wait)
        }
        return Failure(
            .serverUnreachable,
            "the server could not be reached in the time given; the last time: \(lastSetback.message)",
            hint: lastSetback.hint ?? "Run namesake-agent sync again when it can be reached.", remedy: .wait)
    }

    private mutating func give(_ action: Action, echo: Hostname? = nil, afterPause: Bool = false) -> Step {
        if let echo { lastEcho = echo }
        if case .writeEcho = action { foreign = true }
        current = action
        return Step(action: action, afterPause: afterPause)
    }
}
