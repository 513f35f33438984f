import AMTOperations
import Certificates
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Proves a provisioned firmware over a fresh connection, verified in full, as the temporary account.
package struct ProveProvisioningStep: Step {
    package static let name: StepName = "provision.proof"
    package struct Output: Hashable, Codable, Sendable { package var name: String }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.openProved(ledger)
        let settings = try await context.perform(Get<AMT.GeneralSettings>())
        try context.requireTarget(settings)
        let certificate = try ledger.output(of: IssueCertificateStep.self)
        let account = try context.account(of: ledger)
        let users = try ledger.outputIfDone(of: AddUsersStep.self)?.names
        let now = context.now
        let firmware = ProvisionedFirmware(
            name: context.target, hostOSFQDN: settings.hostOSFQDN,
            digestRealm: settings.digestRealm, pin: try await context.issued(ledger).publicKey.pin.hexadecimal,
            certificate: certificate.certificate,
            certificateID: try ledger.output(of: AddCertificateStep.self).certificateID,
            keyPairID: try ledger.output(of: KeyPairStep.self).keyPairID,
            account: TemporaryAccount(name: account.name, handle: account.handle, ends: now + AccountStep.lifetime),
            adminProved: nil, provedAt: now)
        let target = context.target
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            record?.firmware = firmware
            record?.setUpEnds = nil
            record?.users = users
            record?.rename(to: target, now: now)
        }
        try await context.vault.forget(.firmwareKey, of: context.machine)
        return Output(name: target.text)
    }
}

/// Proves that the admin password of the store works, once, so that later jobs need not use it.
package struct ProveAdminStep: Step {
    package static let name: StepName = "provision.admin-proof"
    package struct Output: Hashable, Codable, Sendable {}

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.openAdmin()
        await context.connection.closesAfterNext()
        try await requireMachine(context)
        try await context.vault.settle(.adminPassword, of: context.machine)
        let now = context.now
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            record?.firmware?.adminProved = now
            // Two machines under one UUID stay in a person's hands.
            guard record?.twins == nil else {
                record?.holdTwins()
                return
            }
            record?.stage = .managed
            record?.note = nil
        }
        return Output()
    }
}

/// Proves the new name over a fresh connection: certificate, pin and names, and the true name back in HostOSFQDN.
package struct ProveRenameStep: Step {
    package static let name: StepName = "rename.proof"
    package struct Output: Hashable, Codable, Sendable {
        package var name: String
        package var hostOSFQDN: String?
    }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        let restored = try await context.isRestored()
        let settings = try await settings(context, ledger)
        let found = settings.hostOSFQDN
        let certificate = try ledger.output(of: IssueCertificateStep.self)
        let pin = try await context.issued(ledger).publicKey.pin.hexadecimal
        let certificateID = try ledger.output(of: AddCertificateStep.self).certificateID
        let keyPairID = try ledger.output(of: KeyPairStep.self).keyPairID
        let (target, now) = (context.target, context.now)
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            record?.firmware?.name = target
            record?.firmware?.hostOSFQDN = found
            record?.firmware?.pin = pin
            record?.firmware?.certificate = certificate.certificate
            record?.firmware?.certificateID = certificateID
            record?.firmware?.keyPairID = keyPairID
            record?.firmware?.forgetUnproved()
            record?.firmware?.isForeign = nil
            record?.firmware?.provedAt = now
        }
        // The certificate is proved and is the pin from here on, whatever is found of the names.
        try context.requireTarget(settings)
        if restored, (try? Hostname(found)) != target {
            throw Failure(
                .proofFailed, "HostOSFQDN is '\(found)' after the agent wrote '\(target)'",
                hint: "Run `namesake-agent sync` on the machine again.")
        }
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            record?.rename(to: target, now: now)
            record?.note = nil
        }
        try await context.vault.forget(.firmwareKey, of: context.machine)
        return Output(name: target.text, hostOSFQDN: found)
    }

    /// Asks under the new certificate; where the old one answers still, the commit had nothing to commit.
    private func settings(
        _ context: FirmwareContext, _ ledger: JobLedger
    ) async throws(Failure) -> AMT.GeneralSettings.Settings {
        try await context.openProved(ledger)
        do throws(Failure) { return try await context.perform(Get<AMT.GeneralSettings>()) } catch {
            guard error.code == .firmwarePeerNotTrusted else { throw error }
            await context.notebook.turnAway()
            try await context.openManaged(ledger)
            _ = try await context.perform(Get<AMT.GeneralSettings>())
            throw Failure(
                .proofFailed, "the firmware presents its old certificate after the commit: it lost its power before",
                hint: "The certificate is selected and committed again.", remedy: .startOver)
        }
    }
}

extension FirmwareContext {
    /// How long the agent may take to write the true name back, in seconds after the job was made.
    static let restorePatience = 180.0

    /// Waits for the agent to write the true name back.
    ///
    /// - Returns: `false` when there is no agent to do so, or it has not for too long.
    /// - Throws: ``Failure`` to be waited for, while it may still come.
    func isRestored() async throws(Failure) -> Bool {
        guard try job.claim?.echo != nil else { return false }
        let (store, job) = (store, job)
        for event in try await store.events(of: job.id) {
            // Its agent wrote the true name back and ended when the job was held; nobody is there to say so.
            if case .decided = event { return try await store.signals(of: job.id).contains(.echoRestored) }
        }
        let restored = try await workshop.board.wait(for: job.id, atMost: workshop.attention) {
            () async throws(Failure) in try await store.signals(of: job.id).contains(.echoRestored)
        }
        if !restored, now < job.created + Self.restorePatience {
            throw Failure(
                .claimNotProved, "the agent has not yet written the true name back into HostOSFQDN",
                hint: "It does so by itself; run `namesake-agent sync` again if the machine was cut off.", remedy: .wait
            )
        }
        return restored
    }

    /// Compares the names that the firmware has with those that the job gave it.
    func requireTarget(_ settings: AMT.GeneralSettings.Settings) throws(Failure) {
        guard settings.hostName.lowercased() == target.host, settings.domainName.lowercased() == target.domain else {
            throw Failure(
                .proofFailed,
                "the firmware is named '\(settings.hostName).\(settings.domainName)' after the job, not '\(target)'",
                hint: "Another console may have renamed it meanwhile; look before anything is repeated.")
        }
    }
}
