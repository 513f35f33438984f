package import Vocabulary

/// Where a job's events are kept, in order and whole.
package protocol JobJournal: Sendable {
    /// Durable when it returns.
    ///
    /// - Parameters:
    ///   - event: What begins, or how it ended.
    ///   - requests: Those that were made since the last event, for people; the machine does not read them.
    ///   - job: Whose journal.
    /// - Throws: ``Failure`` with ``Failure/Code/storeUnavailable`` when it was not written.
    func append(_ event: JobEvent, requests: [JobRequest], to job: JobID) async throws(Failure)

    /// Writes down how a step ended and what begins next, both or neither.
    func append(
        _ event: JobEvent, requests: [JobRequest], then next: JobEvent, to job: JobID
    ) async throws(Failure)
    func events(of job: JobID) async throws(Failure) -> [JobEvent]
}

extension JobJournal {
    package func append(_ event: JobEvent, to job: JobID) async throws(Failure) {
        try await append(event, requests: [], to: job)
    }
}

/// Carries one job as far as it goes now: asks the machine, writes down, performs.
package struct JobRunner<Context: Sendable>: Sendable {
    private let steps: [AnyStep<Context>]
    private let journal: any JobJournal
    private let requests: @Sendable (Context) async -> [JobRequest]

    /// - Parameters:
    ///   - steps: The job's, in their order.
    ///   - journal: Where its events are kept.
    ///   - requests: Gives the requests that were made since it was last asked.
    package init(
        _ steps: [AnyStep<Context>], journal: any JobJournal,
        requests: @escaping @Sendable (Context) async -> [JobRequest] = { _ in [] }
    ) {
        self.steps = steps
        self.journal = journal
        self.requests = requests
    }

    /// Goes on until an outcome, or until `goesOn` says no between two steps.
    ///
    /// - Returns: `nil` when it was told to pause; the journal says how to go on.
    /// - Throws: Only when the journal cannot be read or written. Everything else is an outcome.
    package func advance(
        _ job: JobID, in context: Context, while goesOn: () -> Bool = { true }
    ) async throws(Failure) -> JobMachine.Outcome? {
        var machine = JobMachine(steps.map(\.plan), replaying: try await journal.events(of: job))
        var hasBegun = false
        var next = machine.next()
        while case .perform(let name, let looksFirst) = next {
            if !hasBegun {
                guard goesOn() else { return nil }
                try await journal.append(.began(name), to: job)
                machine.record(.began(name))
            }
            let event = await perform(name, looksFirst, in: context, machine)
            machine.record(event)
            next = machine.next()
            // What begins next is written in one with how this ended: nothing happens in between.
            if case .perform(let name, _) = next, goesOn() {
                try await journal.append(event, requests: await requests(context), then: .began(name), to: job)
                machine.record(.began(name))
                hasBegun = true
            } else {
                try await journal.append(event, requests: await requests(context), to: job)
                hasBegun = false
            }
        }
        guard case .stop(let outcome) = next else { return nil }
        return outcome
    }

    private func perform(
        _ name: StepName, _ looksFirst: Bool, in context: Context, _ machine: JobMachine
    ) async -> JobEvent {
        do throws(Failure) {
            guard let step = steps.first(where: { $0.plan.name == name }) else {
                throw Failure(.jobStepUnknown, "no step \(name.rawValue)", remedy: .giveUp)
            }
            let output = try await step.perform(
                context, JobLedger(machine.outputs, failure: machine.failure), looksFirst)
            return .succeeded(name, output: output)
        } catch { return .failed(name, error) }
    }
}
