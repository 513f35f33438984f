package import Certificates
package import Fleet
import Synchronization
package import Vocabulary

/// The key ring of a server that runs, read again when a secret was sealed with a key that it has not seen.
///
/// `namesake-server keys rotate` writes a new ring and seals the store anew while the server runs; old keys stay in the
/// ring, so that neither of the two ever meets what it cannot open.
package final class VaultKeys: Sendable {
    private let state: Mutex<KeyRing>
    private let reread: (@Sendable () throws(Failure) -> KeyRing)?

    package init(_ ring: KeyRing, reread: (@Sendable () throws(Failure) -> KeyRing)? = nil) {
        state = Mutex(ring)
        self.reread = reread
    }

    package var ring: KeyRing { state.withLock { $0 } }

    func open(_ sealed: [UInt8], for context: String) throws(Failure) -> Secret {
        let ring = ring
        guard let reread, !ring.holds(Array(sealed.prefix(8))) else { return try ring.open(sealed, for: context) }
        let fresh = try reread()
        state.withLock { $0 = fresh }
        return try fresh.open(sealed, for: context)
    }
}

/// Seals anew, with the ring's current key, every secret of the store that an older one sealed.
///
/// It may be cut off and begun again anywhere; what is sealed meanwhile by a server that runs is found the next time.
///
/// - Returns: How many secrets were sealed anew.
/// - Throws: ``Failure``: a secret that none of the keys opens, with nothing more changed, or the store's own.
package func sealAnew(_ shelf: any SecretShelf, with ring: KeyRing) async throws(Failure) -> Int {
    var (last, count) = (Int64(0), 0)
    while true {
        let page = try await shelf.secrets(after: last, limit: 500)
        guard let end = page.last else { return count }
        last = end.sequence
        var anew: [SealedSecret] = []
        for var secret in page where Array(secret.sealed.prefix(8)) != ring.current.identifier {
            let context = Vault.context(secret.purpose, secret.machine)
            secret.sealed = try ring.seal(try ring.open(secret.sealed, for: context), for: context)
            anew.append(secret)
        }
        if !anew.isEmpty { try await shelf.replace(anew) }
        count += anew.count
    }
}

/// Refuses a ring that lacks a key of the store, before anything is done with either.
///
/// - Throws: ``Failure`` with ``Failure/Code/vaultKeyWrong``.
package func requireKeys(of shelf: any SecretShelf, in ring: KeyRing) async throws(Failure) {
    let missing = try await shelf.secretsByKey().filter { key, _ in
        !ring.keys.contains { $0.identifier.hexadecimal == key }
    }
    guard let (key, count) = missing.min(by: { $0.key < $1.key }) else { return }
    throw Failure(
        .vaultKeyWrong,
        "\(count) secrets of the store were sealed with key \(key), and the master key file holds "
            + ring.keys.map(\.identifier.hexadecimal).joined(separator: ", "),
        hint: "Nothing was changed. Put the file back that the store was used with, from its own backup; without it "
            + "the machines' passwords are lost and each machine has to be set up anew.")
}
