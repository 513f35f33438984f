import AMTOperations
import FirmwareHTTP
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Removes accounts of ours that should not be there: past their end, or unknown to the store.
///
/// As the account that the record names, while the store has its password; else as admin. Accounts without our prefix
/// are not touched, nor is one that an unfinished job of the machine may have made.
package struct SweepAccountsStep: Step {
    package static let name: StepName = "account.sweep"
    package struct Output: Hashable, Codable, Sendable {
        /// Past their end.
        package var ended: [String] = []
        /// Ours by their names, and unknown to the store.
        package var unknown: [String] = []
        package var kept: [String] = []
    }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        guard let firmware = try await context.record().firmware else { return Output() }
        guard firmware.adminProved != nil else {
            throw Failure(
                .noWorkingAccount, "no other credential of the store is proved, so no account is removed",
                hint: "A rename or a new provisioning proves one.")
        }
        try await context.keepRecovery(before: Self.name)
        let own = firmware.account
        let found = try await findAsOwnOrAdmin(own, context)
        let isBusy = try await context.store.jobs(of: context.machine).contains {
            !$0.state.isFinal && $0.id != context.job.id
        }
        var output = Output()
        // The account that we may have come as goes last.
        for (name, handle) in found.sorted(by: { $1.name == own?.name && $0.name != own?.name }) {
            let isKnown = try await context.vault.holds(.account(name), of: context.machine)
            if name == own?.name ? (own?.ends ?? 0) > context.now : isKnown && isBusy {
                output.kept.append(name)
                continue
            }
            if name == own?.name { await context.connection.closesAfterNext() }
            try await remove(handle, context)
            if isKnown { output.ended.append(name) } else { output.unknown.append(name) }
            try await context.vault.forget(.account(name), of: context.machine)
        }
        // What an attempt that was cut off has removed is in no list, and its password is of no use.
        for name in try await context.vault.purposes(of: context.machine).compactMap(\.account)
        where !output.kept.contains(name) && (name == own?.name || !isBusy) {
            try await context.vault.forget(.account(name), of: context.machine)
        }
        try await note(output, context)
        return output
    }

    private func findAsOwnOrAdmin(
        _ own: TemporaryAccount?, _ context: FirmwareContext
    ) async throws(Failure) -> [(name: String, handle: UInt32)] {
        if let own, try await context.vault.holds(.account(own.name), of: context.machine) {
            let credential = DigestCredential(
                user: own.name, password: try await context.vault.secret(.account(own.name), of: context.machine))
            try await context.turn(to: try await context.managedEndpoint(credential: credential))
            do throws(Failure) {
                try await requireMachine(context)
                return try await find(context)
            } catch {
                // Somebody else may have removed it; the break-glass entry then says what is there.
                guard error.code == .firmwareAuthenticationRefused else { throw error }
            }
        }
        try await context.openAdmin()
        try await requireMachine(context)
        return try await find(context)
    }

    private func find(_ context: FirmwareContext) async throws(Failure) -> [(name: String, handle: UInt32)] {
        var (found, start): ([(name: String, handle: UInt32)], UInt32) = ([], 1)
        while true {
            let page = try await context.perform(AMT.AuthorizationService.EnumerateUserAclEntries(start: start))
            for handle in page.handles {
                let entry = try await context.perform(AMT.AuthorizationService.GetUserAclEntryEx(handle: handle))
                if case .digest(let name) = entry.identity, name.hasPrefix(TemporaryAccount.prefix) {
                    found.append((name, handle))
                }
            }
            start += UInt32(page.handles.count)
            if page.handles.isEmpty || start > page.total { return found }
        }
    }

    private func remove(_ handle: UInt32, _ context: FirmwareContext) async throws(Failure) {
        do {
            try await context.session.perform(AMT.AuthorizationService.RemoveUserAclEntry(handle: handle))
        } catch {
            guard case .refused(let refusal) = error else { throw FirmwareContext.failure(error) }
            if refusal.word == PTStatus.invalidHandle.rawValue { return }  // an answer that was lost had removed it
            guard refusal.word == PTStatus.notPermitted.rawValue else { throw FirmwareContext.failure(error) }
            try await context.openAdmin()
            try await context.perform(AMT.AuthorizationService.RemoveUserAclEntry(handle: handle))
        }
    }

    private func note(_ output: Output, _ context: FirmwareContext) async throws(Failure) {
        let (kept, unknown, job, now) = (output.kept, output.unknown, context.job.id, context.now)
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            if let name = record?.firmware?.account?.name, !kept.contains(name) { record?.firmware?.account = nil }
            record?.firmware?.sweptAt = now
            record?.firmware?.sweepDue = nil
            if !unknown.isEmpty {
                record?.note =
                    "job \(job) removed accounts from the firmware that this store does not know: "
                    + unknown.joined(separator: ", ")
            }
        }
    }
}
