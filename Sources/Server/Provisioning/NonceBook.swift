import FirmwareHTTP
import Synchronization
import Vocabulary

/// The last nonces that each firmware accepted, with their counts and their users.
///
/// A later connection as the same user begins with its nonce and is spared the challenge. A user whose password has not
/// yet been accepted begins without one, so that a wrong password is not tried over a nonce that may be gone.
package final class NonceBook: Sendable {
    struct Entry: Sendable {
        var user: String
        var authorization: DigestAuthorization
    }

    /// Of how many users of a firmware nonces are kept: the temporary account's and admin's.
    ///
    /// Accounts come and go.
    static let users = 2

    /// The latest first.
    private let entries = Mutex<[MachineID: [Entry]]>([:])

    package init() {}

    func authorization(for machine: MachineID, user: String) -> DigestAuthorization? {
        entries.withLock { $0[machine]?.first { $0.user == user }?.authorization }
    }

    /// Keeps what was accepted, forgets what was not.
    func settle(_ entry: Entry?, for machine: MachineID, accepted: Bool) {
        guard let entry else { return }
        entries.withLock { entries in
            var kept = (entries[machine] ?? []).filter { $0.user != entry.user }
            if accepted { kept.insert(entry, at: 0) }
            entries[machine] = kept.isEmpty ? nil : Array(kept.prefix(Self.users))
        }
    }
}
