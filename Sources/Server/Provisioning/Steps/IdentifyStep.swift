import AMTOperations
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Meets a firmware in set-up mode and makes sure that it is the one that said hello.
///
/// Changes nothing.
package struct IdentifyStep: Step {
    package static let name: StepName = "provision.identify"
    package struct Output: Hashable, Codable, Sendable { package var digestRealm: String }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        let record = try await context.record()
        try context.workshop.chain.check(against: record.rootHashes, domain: context.workshop.domain, now: context.now)
        try await context.open(ledger)
        try await requireMachine(context)
        let service = try await context.perform(Get<AMT.SetupAndConfigurationService>())
        guard service.provisioningState == .in else {
            throw Failure(
                .firmwareStateUnexpected,
                "the firmware at \(record.address) is in provisioning state \(service.provisioningState), not in set-up",
                hint: "Unprovision it, or adopt it with an account that it already has.")
        }
        let settings = try await context.perform(Get<AMT.GeneralSettings>())
        await context.notebook.keep(settings)
        return Output(digestRealm: settings.digestRealm)
    }
}

/// Reads the firmware's UUID and compares it with the job's machine.
func requireMachine(_ context: FirmwareContext) async throws(Failure) {
    let found = try await context.perform(AMT.SetupAndConfigurationService.GetUuid())
    guard found == context.machine else {
        throw Failure(
            .machineMismatch, "the firmware that answers is \(found), not \(context.machine)",
            hint: "Two machines may share an address; let this one say hello again from its own.")
    }
}
