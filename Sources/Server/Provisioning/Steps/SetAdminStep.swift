import AMTOperations
import FirmwareHTTP
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Replaces the factory's admin password by one that the store already holds.
package struct SetAdminStep: Step {
    package static let name: StepName = "provision.admin"
    package struct Output: Hashable, Codable, Sendable {}

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        // A password that an earlier attempt kept may be in the firmware already, so it is the one that is set again.
        let password =
            try await context.vault.holds(.adminPassword, of: context.machine)
            ? try await context.vault.secret(.adminPassword, of: context.machine)
            : try await context.vault.writeAhead(.adminPassword, of: context.machine, now: context.now)
        try await context.keepRecovery(before: Self.name)
        try await context.open(ledger)
        let realm = try ledger.output(of: IdentifyStep.self).digestRealm
        let admin = DigestCredential(user: "admin", password: password)
        try await context.perform(
            AMT.AuthorizationService.SetAdminAclEntryEx(name: admin.user, digest: try digestA1(admin, realm: realm)))
        return Output()
    }
}
