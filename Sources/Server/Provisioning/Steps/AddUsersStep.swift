import AMTOperations
import FirmwareHTTP
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Adds the digest users that the configuration names, each with a random password that the store holds first.
package struct AddUsersStep: Step {
    package static let name: StepName = "provision.users"
    package struct Output: Hashable, Codable, Sendable { package var names: [String] }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        let users = context.workshop.users
        guard !users.isEmpty else { return Output(names: []) }
        let realm = try ledger.output(of: IdentifyStep.self).digestRealm
        var passwords: [Secret] = []
        for user in users {
            passwords.append(
                try await context.vault.holds(.user(user.name), of: context.machine)
                    ? try await context.vault.secret(.user(user.name), of: context.machine)
                    : try await context.vault.writeAhead(.user(user.name), of: context.machine, now: context.now))
        }
        try await context.open(ledger)
        // What an attempt that was cut off has made is there; the same one again would be refused.
        let present = try await presentNames(context)
        for (user, password) in zip(users, passwords) where !present.contains(user.name) {
            let digest = try digestA1(DigestCredential(user: user.name, password: password), realm: realm)
            _ = try await context.perform(
                AMT.AuthorizationService.AddUserAclEntryEx(
                    .init(
                        name: user.name, digest: digest, access: .network, realms: user.realms.map(\.accessRealm))))
        }
        return Output(names: users.map(\.name))
    }

    private func presentNames(_ context: FirmwareContext) async throws(Failure) -> Set<String> {
        var (names, start): (Set<String>, UInt32) = ([], 1)
        while true {
            let page = try await context.perform(AMT.AuthorizationService.EnumerateUserAclEntries(start: start))
            for handle in page.handles {
                let entry = try await context.perform(AMT.AuthorizationService.GetUserAclEntryEx(handle: handle))
                if case .digest(let name) = entry.identity { names.insert(name) }
            }
            start += UInt32(page.handles.count)
            if page.handles.isEmpty || start > page.total { return names }
        }
    }
}
