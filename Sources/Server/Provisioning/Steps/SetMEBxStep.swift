import AMTOperations
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// What becomes of the password of the firmware's boot prompt when a machine is provisioned.
package enum MEBxPolicy: String, Codable, Sendable {
    /// A random one for each machine, sealed in the store.
    case random
    /// It stays as it is; firmware from AMT 19 on refuses to be provisioned with the factory's.
    case leave
}

/// Gives the boot prompt of the firmware a password of its own, before admin's: on firmware that couples the two, the
/// later one is admin's.
///
/// The maker's policy may forbid it, then or ever; the job goes on. Source: network reference 3.4 and 3.5.
package struct SetMEBxStep: Step {
    package static let name: StepName = "provision.mebx"
    package struct Output: Hashable, Codable, Sendable {
        package var set: Bool
        /// Why it was not set.
        package var why: String?
    }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        guard context.workshop.mebx == .random else { return Output(set: false, why: "the configuration leaves it") }
        // One that was kept may be in the firmware already: it survives every unprovisioning.
        let wasHeld = try await context.vault.holds(.mebxPassword, of: context.machine)
        let password =
            wasHeld
            ? try await context.vault.secret(.mebxPassword, of: context.machine)
            : try await context.vault.writeAhead(.mebxPassword, of: context.machine, now: context.now)
        try await context.keepRecovery(before: Self.name)
        try await context.open(ledger)
        do {
            try await context.session.perform(AMT.SetupAndConfigurationService.SetMEBxPassword(password))
            return Output(set: true)
        } catch {
            guard case .refused(let refusal) = error, refusal.word == PTStatus.notPermitted.rawValue else {
                throw FirmwareContext.failure(error)
            }
            guard !wasHeld else {
                return Output(set: false, why: "\(refusal); the one that the store holds may be set from before")
            }
            try await context.vault.forget(.mebxPassword, of: context.machine)
            return Output(set: false, why: "\(refusal)")
        }
    }
}
