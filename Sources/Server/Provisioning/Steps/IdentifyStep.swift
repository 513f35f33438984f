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
        if let pid = record.preSharedKey {
            // Asked before anything is sent; the transaction below decides between two who ask at once.
            try await context.store.preSharedKey(pid)?.requireFree(for: context.machine)
        } else {
            try context.workshop.chain.check(
                against: record.rootHashes, domain: context.workshop.domain, now: context.now)
        }
        try await context.open(ledger)
        // The connection has asked for the UUID before this, and has gone no further with another machine.
        let service = try await context.perform(Get<AMT.SetupAndConfigurationService>())
        await context.notebook.keepSetUp(over: context.connection.handshakes)
        guard service.provisioningState == .in else {
            throw Failure(
                .firmwareStateUnexpected,
                "the firmware at \(record.address) is in provisioning state \(service.provisioningState), not in set-up",
                hint: "Unprovision it, or adopt it with an account that it already has.")
        }
        // The firmware has proved that it holds the key: from here on it is this machine's.
        if let pid = record.preSharedKey {
            try await context.store.use(preSharedKey: pid, by: context.machine, now: context.now)
        }
        try await requireOneTimePassword(context, service)
        let settings = try await context.perform(Get<AMT.GeneralSettings>())
        await context.notebook.keep(settings)
        return Output(digestRealm: settings.digestRealm)
    }
}

/// Compares what the firmware shows with what its agent was given for it; asked once.
///
/// Where no agent opened the set-up, there is nothing to compare. Another password means another machine or another
/// server's agent: that set-up is closed, as Intel's own module does (network reference 3.2, point 5).
private func requireOneTimePassword(
    _ context: FirmwareContext, _ service: AMT.SetupAndConfigurationService.Service
) async throws(Failure) {
    guard try await context.vault.holds(.oneTimePassword, of: context.machine) else { return }
    let hint =
        "Run `namesake-agent sync --start-configuration` on the machine again; or say that it is the right one: "
        + "`namesake-server devices retry \(context.machine)`."
    guard let shown = service.otp else {
        throw Failure(
            .machineMismatch, "the firmware shows no one-time password, and its agent was given one", hint: hint)
    }
    // The field is 32 bytes wide, the rest of it zeros.
    let given = try await context.vault.secret(.oneTimePassword, of: context.machine)
    let padded = given.reveal { Secret($0 + [UInt8](repeating: 0, count: max(0, 32 - $0.count))) }
    guard shown == given || shown == padded else {
        try await context.perform(AMT.SetupAndConfigurationService.ExtendProvisioningPeriod(hours: 0))
        throw Failure(
            .machineMismatch,
            "the firmware shows another one-time password than its agent was given; its set-up was closed", hint: hint)
    }
    try await context.vault.forget(.oneTimePassword, of: context.machine)
}

/// Reads a managed firmware's UUID and compares it with the job's machine; in set-up its connection does so by itself.
func requireMachine(_ context: FirmwareContext) async throws(Failure) {
    let found = try await context.perform(AMT.SetupAndConfigurationService.GetUuid())
    guard found == context.machine else {
        throw Failure(
            .machineMismatch, "the firmware that answers is \(found), not \(context.machine)",
            hint: "Two machines may share an address; let this one say hello again from its own.")
    }
}
