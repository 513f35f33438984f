import AMTOperations
import FirmwareHTTP
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Sees to a temporary digest account: the one that provisioning left, or a new one.
///
/// Network access, realm PT Administration, a random password that the store holds before the firmware does. In a
/// provisioning job it becomes real with the commit; at the head of a later rename it is made as admin.
package struct AccountStep: Step {
    package static let name: StepName = "account"
    package struct Output: Hashable, Codable, Sendable {
        package var name: String
        package var handle: UInt32
        package var made: Bool
    }

    /// How long an account may live when its job does not end before, in seconds.
    static let lifetime = 30.0 * 86_400

    package init() {}

    package func observe(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        if let kept = try await kept(context, ledger) { return kept }
        try await openMaker(context, ledger)
        let name = accountName(context)
        guard try await context.vault.holds(.account(name), of: context.machine),
            let handle = try await handle(of: name, context)
        else { return nil }
        return try await note(name, handle, context, ledger)
    }

    func handle(of name: String, _ context: FirmwareContext) async throws(Failure) -> UInt32? {
        var start: UInt32 = 1
        while true {
            let page = try await context.perform(AMT.AuthorizationService.EnumerateUserAclEntries(start: start))
            for handle in page.handles {
                let entry = try await context.perform(AMT.AuthorizationService.GetUserAclEntryEx(handle: handle))
                if entry.identity == .digest(name) { return handle }
            }
            start += UInt32(page.handles.count)
            if page.handles.isEmpty || start > page.total { return nil }
        }
    }

    /// Removes the account that a job may have made without learning of it, as admin.
    ///
    /// - Returns: Whether there was one.
    func removeUnheardOf(_ context: FirmwareContext) async throws(Failure) -> Bool {
        try await removeAsAdmin(accountName(context), context)
    }

    /// Removes the account of that name, if there is one, and what the store holds of it.
    ///
    /// - Returns: Whether there was one.
    func removeAsAdmin(_ name: String, _ context: FirmwareContext) async throws(Failure) -> Bool {
        guard try await context.vault.holds(.account(name), of: context.machine) else { return false }
        try await context.openAdmin()
        let found = try await handle(of: name, context)
        if let found { try await context.perform(AMT.AuthorizationService.RemoveUserAclEntry(handle: found)) }
        try await context.vault.forget(.account(name), of: context.machine)
        return found != nil
    }

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        if let kept = try await kept(context, ledger) { return kept }
        let name = accountName(context)
        let password =
            try await context.vault.holds(.account(name), of: context.machine)
            ? try await context.vault.secret(.account(name), of: context.machine)
            : try await context.vault.writeAhead(.account(name), of: context.machine, now: context.now)
        try await openMaker(context, ledger)
        let digest = try digestA1(
            DigestCredential(user: name, password: password), realm: try await realm(context, ledger))
        let handle = try await add(
            .init(name: name, digest: digest, access: .network, realms: [.ptAdministration]), context)
        return try await note(name, handle, context, ledger)
    }

    /// Adds the entry; one of its name that is there goes first.
    ///
    /// It is of a job of this number that the store has forgotten, put back from a backup: nobody has its password.
    private func add(
        _ entry: AMT.AuthorizationService.DigestAccount, _ context: FirmwareContext
    ) async throws(Failure) -> UInt32 {
        do { return try await context.session.perform(AMT.AuthorizationService.AddUserAclEntryEx(entry)) } catch {
            guard case .refused(let refusal) = error, refusal.word == PTStatus.duplicate.rawValue,
                let found = try await handle(of: entry.name, context)
            else { throw FirmwareContext.failure(error) }
            try await context.perform(AMT.AuthorizationService.RemoveUserAclEntry(handle: found))
        }
        return try await context.perform(AMT.AuthorizationService.AddUserAclEntryEx(entry))
    }

    /// The account that the record holds, when it is still good.
    private func kept(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        guard context.place(ledger) != .setUp, let account = try await context.record().firmware?.account,
            account.ends > context.now, try await context.vault.holds(.account(account.name), of: context.machine)
        else { return nil }
        return Output(name: account.name, handle: account.handle, made: false)
    }

    /// The same for every attempt of one job, so that a lost answer does not leave two accounts.
    ///
    /// At most 16 characters.
    private func accountName(_ context: FirmwareContext) -> String {
        TemporaryAccount.prefix + String(String(context.job.id.number, radix: 36).suffix(12))
    }

    private func openMaker(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) {
        guard context.place(ledger) != .setUp else { return try await context.open(ledger) }
        try await context.openAdmin()
    }

    private func realm(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> String {
        if context.place(ledger) == .setUp { return try ledger.output(of: IdentifyStep.self).digestRealm }
        return try await context.record().firmware?.digestRealm ?? ""
    }

    /// The record of a managed firmware learns of the account at once; that of one in set-up with the proof.
    private func note(
        _ name: String, _ handle: UInt32, _ context: FirmwareContext, _ ledger: JobLedger
    ) async throws(Failure) -> Output {
        if context.place(ledger) != .setUp {
            let ends = context.now + Self.lifetime
            _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
                record?.firmware?.account = TemporaryAccount(name: name, handle: handle, ends: ends)
            }
        }
        return Output(name: name, handle: handle, made: true)
    }
}

/// The same in set-up mode, after partial unprovisioning has erased the account that led there.
package struct SetUpAccountStep: Step {
    package static let name: StepName = "provision.account"
    package typealias Output = AccountStep.Output

    package init() {}

    package func observe(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        try await AccountStep().observe(context, ledger)
    }

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await AccountStep().run(context, ledger)
    }
}

extension FirmwareContext {
    /// The managed endpoint as admin, for making and removing accounts only.
    func openAdmin() async throws(Failure) {
        if await notebook.isTurned(to: "admin") { return }
        let admin = DigestCredential(user: "admin", password: try await vault.secret(.adminPassword, of: machine))
        try await turn(to: try await managedEndpoint(credential: admin))
    }
}
