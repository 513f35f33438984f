import AMTOperations
package import Jobs
package import Vocabulary
import WSMan

/// Gives the firmware its host name and domain; the rest of its general settings go back as they were read.
package struct SetNamesStep: Step {
    package static let name: StepName = "names"
    package struct Output: Hashable, Codable, Sendable {
        package var hostName: String
        package var domainName: String
    }

    package init() {}

    package func observe(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        try await context.open(ledger)
        let settings = try await context.perform(Get<AMT.GeneralSettings>())
        await context.notebook.keep(settings)
        return output(settings, context.target)
    }

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.open(ledger)
        var settings: AMT.GeneralSettings.Settings
        if let read = await context.notebook.settings {
            settings = read
        } else {
            settings = try await context.perform(Get<AMT.GeneralSettings>())
        }
        settings.hostName = context.target.host
        settings.domainName = context.target.domain
        // Where firmware lets this be written (sources disagree), the echo must not come back over the true name.
        if try context.job.claim?.echo != nil { settings.hostOSFQDN = context.target.text }
        let after = try await context.perform(Put<AMT.GeneralSettings>(settings))
        guard let output = output(after, context.target) else {
            throw Failure(
                .firmwareFault,
                "the firmware took the settings and kept the name '\(after.hostName).\(after.domainName)'",
                hint: "Look at the firmware's names with its web interface; its user may lack the realm.")
        }
        return output
    }

    private func output(_ settings: AMT.GeneralSettings.Settings, _ target: Hostname) -> Output? {
        guard settings.hostName.lowercased() == target.host, settings.domainName.lowercased() == target.domain else {
            return nil
        }
        return Output(hostName: target.host, domainName: target.domain)
    }
}
