import AMTOperations
package import Jobs
package import Vocabulary
import WSMan

/// Sets the firmware's clock: certificates, Kerberos and the audit log rest on it.
package struct SetClockStep: Step {
    package static let name: StepName = "provision.clock"
    package struct Output: Hashable, Codable, Sendable {
        /// What the clock was ahead of ours, in seconds.
        package var drift: Int
    }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.open(ledger)
        let theirs = try await context.perform(AMT.TimeSynchronizationService.GetLowAccuracyTimeSynch())
        let ours = UInt32(context.now)
        try await context.perform(
            AMT.TimeSynchronizationService.SetHighAccuracyTimeSynch(
                firmwareTime: theirs, received: ours, sending: UInt32(context.now)))
        return Output(drift: Int(theirs) - Int(ours))
    }
}
