import AMTOperations
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Looks at a managed firmware before it is renamed: the machine, the claim's echo, what will be replaced.
package struct ObserveFirmwareStep: Step {
    package static let name: StepName = "rename.observe"
    package struct Output: Hashable, Codable, Sendable {
        package var formerName: String
        package var formerCertificateID: String
        package var formerKeyPairID: String
        /// PEM; `nil` in journals of versions that revoked nothing.
        package var formerCertificate: String?
    }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        let record = try await context.record()
        guard let firmware = record.firmware else {
            throw Failure(.firmwareStateUnexpected, "\(context.machine) is not provisioned by this server")
        }
        try await context.open(ledger)
        try await requireMachine(context)
        let settings = try await context.perform(Get<AMT.GeneralSettings>())
        await context.notebook.keep(settings)
        if let echo = try context.job.claim?.echo, (try? Hostname(settings.hostOSFQDN)) != echo {
            throw Failure(
                .claimNotProved,
                "HostOSFQDN is '\(settings.hostOSFQDN)', not the agent's echo: the claim may come from elsewhere",
                hint: "Run `namesake-agent sync` again on the machine itself.")
        }
        return Output(
            formerName: firmware.name.text, formerCertificateID: firmware.certificateID,
            formerKeyPairID: firmware.keyPairID, formerCertificate: firmware.certificate)
    }
}
