import AMTOperations
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Asks, before anything is taken back, whether the firmware can be provisioned again.
///
/// Partial unprovisioning leaves a firmware that only its own set-up can help: our chain must be one that it takes, the
/// store must hold an admin password that was proved, and the firmware must be in admin control mode. Changes nothing.
package struct ReprovisionableStep: Step {
    package static let name: StepName = "reprovision.preconditions"
    package struct Output: Hashable, Codable, Sendable {}

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        let (record, workshop) = (try await context.record(), context.workshop)
        if let obstacle = Self.obstacle(record, workshop.chain, workshop.domain, now: context.now) { throw obstacle }
        guard try await context.vault.holds(.adminPassword, of: context.machine) else {
            throw Failure(.noWorkingAccount, "the store holds no admin password of \(context.machine)")
        }
        // Partial unprovisioning leaves the key in the firmware, which then opens to nothing else.
        if let pid = record.preSharedKey { _ = try await context.vault.preSharedKey(pid) }
        try await context.open(ledger)
        let service = try await context.perform(Get<AMT.SetupAndConfigurationService>())
        guard service.provisioningState == .post, service.provisioningMode == 1 else {
            throw Failure(
                .firmwareStateUnexpected,
                "partial unprovisioning needs admin control mode; the firmware has provisioning state "
                    + "\(service.provisioningState), mode \(service.provisioningMode.map(String.init) ?? "unknown")",
                hint: "Rename it in place: `namesake-server devices rename \(context.machine) NAME`.")
        }
        // What MEBx was given goes before option 15, which only a firmware in set-up shows. Source: network reference 3.2.
        let suffixes = [service.trustedDNSSuffix, service.dhcpDNSSuffix].compactMap { $0 }.filter { !$0.isEmpty }
        if record.preSharedKey == nil, let suffix = suffixes.first, let domain = try? Hostname(suffix) {
            try workshop.chain.check(against: record.rootHashes, domain: domain, now: context.now)
        }
        return Output()
    }

    /// What the record alone says against partial unprovisioning.
    static func obstacle(
        _ record: DeviceRecord, _ chain: ProvisioningChain, _ domain: Hostname?, now: Double
    ) -> Failure? {
        guard record.firmware?.adminProved != nil else {
            return Failure(
                .noWorkingAccount, "no admin password of \(record.machine) is proved to work",
                hint: "Rename it in place first: that ends with a proof.")
        }
        if record.preSharedKey != nil { return nil }
        do throws(Failure) {
            try chain.check(against: record.rootHashes, domain: domain, now: now)
            return nil
        } catch { return error }
    }
}

/// Takes the firmware back: to set-up, which keeps admin, names and root hashes, or to the factory's state.
///
/// The firmware restarts its network on this, so that the answer may be lost although it worked; what answers then
/// decides. Every account but admin is gone with it.
package struct UnprovisionStep: Step {
    package static let name: StepName = "unprovision"
    package static let isIrrevocable = true
    package struct Output: Hashable, Codable, Sendable {
        package var full: Bool
        /// Seconds since 1970.
        package var at: Double
    }

    package init() {}

    package func observe(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        // The record is changed last.
        guard try await context.record().firmware != nil else {
            return Output(full: try isFull(context), at: context.now)
        }
        try await context.open(ledger)
        let fault: WSManFault
        do {
            _ = try await context.session.perform(Get<AMT.SetupAndConfigurationService>())
            return nil
        } catch { fault = error }
        // The pinned key is gone, or the account is, or nobody answers: it is in set-up, or this tells nothing of it. One
        // that is as the factory made it answers nobody, and neither does one that is off.
        do throws(Failure) {
            let isFollowed = try await context.followInSetUp(ledger)
            switch fault {
            case .peerNotTrusted, .authenticationRefused: break
            case .notSent where isFollowed: break
            case .notSent:
                guard try await context.isInSetUpByKey(ledger) else { throw FirmwareContext.failure(fault) }
            default: throw FirmwareContext.failure(fault)
            }
            try await context.openSetUp(ledger)
            let service = try await context.perform(Get<AMT.SetupAndConfigurationService>())
            guard service.provisioningState == .in else { throw FirmwareContext.failure(fault) }
        } catch {
            guard try isFull(context) else { throw error }
            throw Failure(
                .unprovisioningUnproved,
                "the answer to the unprovisioning was lost, and nobody answers as \(context.machine) since: it may be "
                    + "unprovisioned, or off, or elsewhere (\(error.message))",
                hint:
                    "Nothing is forgotten until that is known. Let it begin its set-up, and its hello tells; or let it "
                    + "be reached as before, and it is unprovisioned then.", remedy: .wait)
        }
        return try await note(context, ledger)
    }

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.keepRecovery(before: Self.name)
        try await context.open(ledger)
        await context.connection.closesAfterNext()
        let full = try isFull(context)
        do {
            if full {
                try await context.session.perform(AMT.SetupAndConfigurationService.Unprovision())
            } else {
                try await context.session.perform(AMT.SetupAndConfigurationService.PartialUnprovision())
            }
        } catch {
            guard case .unreachable = error else { throw FirmwareContext.failure(error) }
            throw Failure(
                .firmwareUnreachable,
                "the answer to the unprovisioning was lost; what the firmware is now is looked at",
                hint: "Nothing has to be done.", remedy: .wait)
        }
        return try await note(context, ledger)
    }

    private func isFull(_ context: FirmwareContext) throws(Failure) -> Bool {
        guard context.job.kind == .unprovision else { return false }
        return try decoded(UnprovisionParameters.self, context.job.parameters).full
    }

    /// The record no longer believes in accounts, certificate and pin; in a full one not in the password either.
    private func note(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        let full = try isFull(context)
        let account = try ledger.output(of: AccountStep.self).name
        let now = context.now
        let (isJobsEnd, job, target) = (context.job.kind == .unprovision, context.job.id, context.target)
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            record?.firmware = nil
            record?.users = nil
            record?.setUpEnds = full ? nil : now + SetUpWindow.least
            if full { record?.preSharedKey = nil }
            record?.rename(to: target, now: now)
            record?.stage = isJobsEnd ? .held : .provisioning
            record?.note =
                isJobsEnd ? "unprovisioned \(full ? "in full" : "in part") by job \(job), as a person wanted" : nil
        }
        try await context.vault.forget(.account(account), of: context.machine)
        if full { try await context.vault.forget(.adminPassword, of: context.machine) }
        return Output(full: full, at: context.now)
    }
}

/// Waits until the agent has written the true name back, so that the job does not end on the echo's.
package struct AwaitRestoredStep: Step {
    package static let name: StepName = "reprovision.restored"
    package struct Output: Hashable, Codable, Sendable { package var hostOSFQDN: String? }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        guard try await context.isRestored() else { return Output() }
        try await context.openProved(ledger)
        let found = try await context.perform(Get<AMT.GeneralSettings>()).hostOSFQDN
        guard (try? Hostname(found)) == context.target else {
            throw Failure(
                .proofFailed, "HostOSFQDN is '\(found)' after the agent wrote '\(context.target)'",
                hint: "Run `namesake-agent sync` on the machine again.")
        }
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            record?.firmware?.hostOSFQDN = found
        }
        return Output(hostOSFQDN: found)
    }
}
