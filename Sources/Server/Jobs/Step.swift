import Foundation
package import Vocabulary

/// One stretch of a job that either has happened or has not.
///
/// The engine writes down that the step begins, calls ``run(_:_:)`` and writes down the output. Cut off anywhere in
/// between, the step is begun again, and then ``observe(_:_:)`` looks first. It needs no memory.
package protocol Step<Context, Output>: Sendable {
    associatedtype Context: Sendable
    associatedtype Output: Codable & Sendable

    /// Written into the journal; never renamed, since jobs begun by an older server are found again by it.
    static var name: StepName { get }

    /// Whether the step is owed even when an earlier one failed for good.
    static var runsAfterFailure: Bool { get }

    /// Whether the job can only go forward once the step has begun.
    static var isIrrevocable: Bool { get }

    /// Looks whether the effect is already there, and changes nothing.
    ///
    /// - Returns: The output that ``run(_:_:)`` would give, or `nil` when the effect is not there.
    func observe(_ context: Context, _ ledger: JobLedger) async throws(Failure) -> Output?

    /// Brings the effect about.
    func run(_ context: Context, _ ledger: JobLedger) async throws(Failure) -> Output
}

extension Step {
    package static var runsAfterFailure: Bool { false }
    package static var isIrrevocable: Bool { false }

    /// For steps that may be run twice with the same end.
    package func observe(_ context: Context, _ ledger: JobLedger) async throws(Failure) -> Output? { nil }
}

/// The outputs of the steps that are done, and the failure that ended the job's main line, if one did.
package struct JobLedger: Sendable {
    package let outputs: [StepName: String]
    package let failure: Failure?

    package init(_ outputs: [StepName: String], failure: Failure? = nil) {
        self.outputs = outputs
        self.failure = failure
    }

    package func isDone<S: Step>(_ step: S.Type) -> Bool { outputs[S.name] != nil }

    /// - Returns: `nil` when the step is not done.
    package func outputIfDone<S: Step>(of step: S.Type) throws(Failure) -> S.Output? {
        isDone(step) ? try output(of: step) : nil
    }

    /// - Throws: ``Failure`` when the step has no output, or one that this version cannot read.
    package func output<S: Step>(of step: S.Type) throws(Failure) -> S.Output {
        guard let text = outputs[S.name] else {
            throw Failure(.jobStepUnknown, "the job has no output of step \(S.name.rawValue)", remedy: .giveUp)
        }
        do { return try JSONDecoder().decode(S.Output.self, from: Data(text.utf8)) } catch {
            throw Failure(
                .jobStepUnknown, "the output of step \(S.name.rawValue) cannot be read by this version",
                hint: "Let the server version that began the job finish it.")
        }
    }
}

/// A step without its types, for a job's list.
package struct AnyStep<Context: Sendable>: Sendable {
    package let plan: JobMachine.StepPlan
    let perform: @Sendable (Context, JobLedger, _ looksFirst: Bool) async throws(Failure) -> String

    /// - Parameters:
    ///   - step: The step.
    ///   - startsOverFrom: From which step on things are done again when this one's requests are refused, as by a
    ///     firmware that has forgotten what earlier steps did.
    ///   - forgetting: Further failures that show that.
    ///   - isIrrevocable: Whether the job can only go forward once this one has begun, where the step does not say so.
    ///   - perishes: Whether its effect may be gone when a person lets a failed job go on.
    ///   - isNeededUntil: The step from which on nobody needs that effect.
    package init<S: Step>(
        _ step: S, startsOverFrom: StepName? = nil, forgetting: Set<Failure.Code> = [], isIrrevocable: Bool = false,
        perishes: Bool = false, isNeededUntil: StepName? = nil
    ) where S.Context == Context {
        plan = .init(
            S.name, runsAfterFailure: S.runsAfterFailure, startsOverFrom: startsOverFrom,
            isIrrevocable: isIrrevocable || S.isIrrevocable, perishes: perishes, isNeededUntil: isNeededUntil)
        perform = { (context, ledger, looksFirst) async throws(Failure) -> String in
            var output: S.Output?
            do throws(Failure) {
                if looksFirst { output = try await step.observe(context, ledger) }
                if output == nil { output = try await step.run(context, ledger) }
            } catch {
                var failure = error
                if startsOverFrom != nil, failure.remedy == .askOperator,
                    forgetting.union([.firmwareRefused, .firmwareFault]).contains(failure.code)
                {
                    failure.remedy = .startOver
                }
                throw failure
            }
            do {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                return String(decoding: try encoder.encode(output), as: UTF8.self)
            } catch {
                throw Failure(
                    .jobStepUnknown, "the output of step \(S.name.rawValue) cannot be written", remedy: .giveUp)
            }
        }
    }
}
