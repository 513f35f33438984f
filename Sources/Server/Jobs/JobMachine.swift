package import Vocabulary

/// What comes next in one job, computed from its journal alone: no clock, no store, no firmware.
///
/// A step that failed and may be helped by time is begun again; one that may not ends the job, after the steps that run
/// whatever the outcome (the temporary account's removal, say). Nothing is taken back: a step leaves the firmware in a
/// state from which it can be begun again. Where a step finds that the effects of earlier ones are gone (a firmware in
/// set-up forgets everything with its power), those are done again.
package struct JobMachine: Hashable, Sendable {
    package struct StepPlan: Hashable, Sendable {
        package var name: StepName
        package var runsAfterFailure: Bool
        /// From which step on things are done again when this one finds their effects gone.
        package var startsOverFrom: StepName?
        /// Whether the job can only go forward once this step has begun.
        package var isIrrevocable: Bool
        /// Whether its effect may be gone, be it taken back or past its time, when a person lets a failed job go on.
        package var perishes: Bool
        /// The step from which on nobody needs that effect.
        package var isNeededUntil: StepName?

        package init(
            _ name: StepName, runsAfterFailure: Bool = false, startsOverFrom: StepName? = nil,
            isIrrevocable: Bool = false, perishes: Bool = false, isNeededUntil: StepName? = nil
        ) {
            self.perishes = perishes
            self.isNeededUntil = isNeededUntil
            self.name = name
            self.runsAfterFailure = runsAfterFailure
            self.startsOverFrom = startsOverFrom
            self.isIrrevocable = isIrrevocable
        }
    }

    package enum Action: Hashable, Sendable {
        /// `looksFirst`: an earlier attempt was cut off or failed, so its effect may be there.
        case perform(StepName, looksFirst: Bool)
        case stop(Outcome)
    }

    package enum Outcome: Hashable, Sendable {
        case done
        /// Time may help; the failure is the latest.
        case waiting(Failure)
        /// A person has to say yes or no first; the job goes on from here.
        case held(Failure)
        /// The failure is the first that nobody but a person can mend.
        case failed(Failure)
    }

    private let plans: [StepPlan]
    package private(set) var outputs: [StepName: String] = [:]
    private var begun: Set<StepName> = []
    /// The first failure that nobody but a person can mend.
    package private(set) var failure: Failure?
    private var failedSteps: Set<StepName> = []
    private var setback: Failure?
    private var isCancelled = false
    private var startsLeft = 3

    package init(_ plans: [StepPlan], replaying events: [JobEvent] = []) {
        self.plans = plans
        for event in events { record(event) }
        // A new attempt: what had to wait is tried again.
        setback = nil
    }

    package mutating func record(_ event: JobEvent) {
        switch event {
        case .began(let step):
            begun.insert(step)
        case .succeeded(let step, let output):
            outputs[step] = output
        case .failed(let step, let failure):
            if isCancelled, plans.contains(where: { $0.name == step && $0.runsAfterFailure }) {
                // A machine that is gone for good would keep its job for ever: what is owed is tried once.
                failedSteps.insert(step)
            } else if failure.remedy == .wait || failure.remedy == .hold {
                setback = failure
            } else if failure.remedy == .startOver, startsOver(step) {
                setback = failure
            } else {
                failedSteps.insert(step)
                if self.failure == nil { self.failure = failure }
            }
        case .retried:
            failedSteps = []
            (failure, isCancelled) = (nil, false)
            startsLeft = 3
            // What is owed after a failure is owed at the end again.
            for plan in plans where plan.runsAfterFailure || isWantedAgain(plan) { outputs[plan.name] = nil }
        case .cancelled(let reason):
            guard mayBeCancelled else { break }
            isCancelled = true
            guard failure == nil else { break }
            failure = Failure(
                .jobCancelled, "a person cancelled it: \(reason)",
                hint: "`namesake-server jobs retry` lets it go on after all.")
        case .decided(let approved, let reason):
            guard !approved, failure == nil else { break }
            failure = Failure(
                .claimRejected, "a person rejected it: \(reason)", hint: "Ask who runs the server.", remedy: .giveUp)
        }
    }

    private func isWantedAgain(_ plan: StepPlan) -> Bool {
        plan.perishes && plan.isNeededUntil.map { outputs[$0] == nil } != false
    }

    /// Forgets the outputs that are to be had again; their steps look first, since what they did may be there in part.
    private mutating func startsOver(_ step: StepName) -> Bool {
        guard startsLeft > 0, let from = plans.first(where: { $0.name == step })?.startsOverFrom,
            let place = plans.firstIndex(where: { $0.name == from })
        else { return false }
        startsLeft -= 1
        for plan in plans[place...] { outputs[plan.name] = nil }
        return true
    }

    /// Whether a step has begun that cannot be taken back.
    package var isPastReturn: Bool { plans.contains { $0.isIrrevocable && begun.contains($0.name) } }

    /// Whether a person may end it: it has changed nothing for good, or has failed and only pays what it owes.
    package var mayBeCancelled: Bool { failure != nil || !isPastReturn }

    package func next() -> Action {
        if let setback { return .stop(setback.remedy == .hold ? .held(setback) : .waiting(setback)) }
        let candidates = plans.filter { outputs[$0.name] == nil && !failedSteps.contains($0.name) }
        let due = failure == nil ? candidates.first : candidates.first(where: \.runsAfterFailure)
        if let due { return .perform(due.name, looksFirst: begun.contains(due.name)) }
        return .stop(failure.map(Outcome.failed) ?? .done)
    }
}
