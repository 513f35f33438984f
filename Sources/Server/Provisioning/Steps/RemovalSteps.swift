import AMTOperations
import Certificates
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Removes the certificate and the key pair that the rename replaced, now that the new ones are proved.
package struct RemoveOldCertificateStep: Step {
    package static let name: StepName = "rename.remove-old"
    package struct Output: Hashable, Codable, Sendable {}

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        let former = try ledger.output(of: ObserveFirmwareStep.self)
        try await context.keepRecovery(before: Self.name)
        try await context.openProved(ledger)
        if try await context.record().firmware?.mayHoldLeftovers == true { try await removeLeftovers(context, ledger) }
        try await remove(Delete<AMT.PublicKeyCertificate>(former.formerCertificateID), context)
        try await remove(Delete<AMT.PublicPrivateKeyPair>(former.formerKeyPairID), context)
        return Output()
    }

    /// Removes what earlier jobs put there and could not prove: our authority's certificates but the one that is proved,
    /// and the key pairs that no certificate belongs to.
    private func removeLeftovers(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) {
        let kept = try ledger.output(of: AddCertificateStep.self).certificateID
        var keys: [PublicKey] = []
        for found in try await certificates(context) {
            if found.id != kept, try context.workshop.hasIssued(found.certificate) {
                try await remove(Delete<AMT.PublicKeyCertificate>(found.id), context)
            } else {
                keys.append(found.certificate.publicKey)
            }
        }
        for pair in try await context.enumerate(AMT.PublicPrivateKeyPair.self)
        where !keys.contains(try PublicKey(firmware: pair.publicKey)) {
            try await remove(Delete<AMT.PublicPrivateKeyPair>(pair.id), context)
        }
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            record?.firmware?.mayHoldLeftovers = nil
        }
    }

    /// What is not there any more was removed by an attempt whose answer was lost.
    private func remove<Removal: WSManOperation>(
        _ removal: Removal, _ context: FirmwareContext
    ) async throws(Failure) where Removal.Output == Void {
        do { try await context.session.perform(removal) } catch {
            if case .fault(let subcode, _, _) = error, subcode.hasSuffix("DestinationUnreachable") { return }
            throw FirmwareContext.failure(error)
        }
    }
}

/// Removes the temporary account, whatever the job's outcome.
///
/// By itself; by admin where the firmware refuses that. Only when another credential of the store was proved to work: a
/// machine is never left without one. Where the firmware cannot be reached as this account any more, it stays to its
/// end date and the output says why.
package struct RemoveAccountStep: Step {
    package static let name: StepName = "account.removal"
    package static let runsAfterFailure = true
    package struct Output: Hashable, Codable, Sendable {
        package var removed: Bool
        package var why: String?
    }

    package init() {}

    package func observe(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        guard ledger.isDone(AccountStep.self) else { return nil }
        guard try await context.record().firmware?.account == nil else { return nil }
        return Output(removed: true)
    }

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        if let failure = ledger.failure,
            [.firmwareAuthenticationRefused, .firmwarePeerNotTrusted].contains(failure.code)
        {
            return Output(removed: false, why: "the firmware is not spoken to after \(failure.code.rawValue)")
        }
        guard ledger.isDone(AccountStep.self) else {
            let removed = try await AccountStep().removeUnheardOf(context)
            return Output(removed: removed, why: removed ? "its answer was lost" : "no account was made")
        }
        guard try await context.record().firmware?.adminProved != nil else {
            return Output(removed: false, why: "no other credential of the store is proved")
        }
        guard context.place(ledger) != .setUp else {
            return Output(removed: true, why: "unprovisioning erased it, and another one was not committed")
        }
        let account = try context.account(of: ledger)
        try await context.keepRecovery(before: Self.name)
        try await context.open(ledger)
        await context.connection.closesAfterNext()
        do {
            try await context.session.perform(AMT.AuthorizationService.RemoveUserAclEntry(handle: account.handle))
        } catch {
            switch error {
            case .authenticationRefused:
                // It worked in this job. An attempt whose answer was lost may have removed it, or the firmware takes no
                // nonce twice: admin sees which.
                _ = try await AccountStep().removeAsAdmin(account.name, context)
            case .refused(let refusal) where refusal.word == PTStatus.invalidHandle.rawValue:
                break
            case .refused(let refusal) where refusal.word == PTStatus.notPermitted.rawValue:
                try await context.openAdmin()
                try await context.perform(AMT.AuthorizationService.RemoveUserAclEntry(handle: account.handle))
            default:
                throw FirmwareContext.failure(error)
            }
        }
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            record?.firmware?.account = nil
        }
        try await context.vault.forget(.account(account.name), of: context.machine)
        return Output(removed: true)
    }
}
