import Certificates
import Fleet
import Provisioning
import StorageSQLite
import Synchronization
import TestKit
import Testing
import Vocabulary

@Suite("A rotation of the master key")
struct RotationTests {
    /// A store whose disk fails at one of the writes.
    struct FailingShelf: SecretShelf {
        let store: SQLiteStore
        let failsAt: Int
        private let writes = Counter()

        init(_ store: SQLiteStore, failsAt: Int) {
            self.store = store
            self.failsAt = failsAt
        }

        final class Counter: Sendable {
            private let value = Mutex(0)
            func next() -> Int {
                value.withLock {
                    $0 += 1
                    return $0
                }
            }
        }

        func secrets(of machine: MachineID) async throws(Failure) -> [SealedSecret] {
            try await store.secrets(of: machine)
        }
        func secrets(after sequence: Int64, limit: Int) async throws(Failure) -> [SealedSecret] {
            try await store.secrets(after: sequence, limit: limit)
        }
        func replace(_ secrets: [SealedSecret]) async throws(Failure) {
            if writes.next() == failsAt { throw Failure(.storeUnavailable, "cut off") }
            try await store.replace(secrets)
        }
        func secretsByKey() async throws(Failure) -> [String: Int] { try await store.secretsByKey() }
    }

    @Test("that is cut off leaves secrets that open, and the next one seals the rest and nothing twice")
    func cutOff() async throws {
        try await withTemporaryFolder { folder in
            let store = try SQLiteStore(path: "\(folder)/store")
            let machine = try #require(MachineID(Site.machine))
            let old = KeyRing(try SealingKey(Secret([UInt8](repeating: 7, count: 32))))
            let vault = Vault(keys: VaultKeys(old), store: store)
            for number in 0..<600 { _ = try await vault.writeAhead(.account("\(number)"), of: machine, now: 1) }
            let before = try await vault.secrets(of: machine).map(\.secret)
            let new = try old.rotated()
            let failure = await #expect(throws: Failure.self) {
                try await sealAnew(FailingShelf(store, failsAt: 2), with: new)
            }
            #expect(failure?.message == "cut off")
            let (oldKey, newKey) = (old.current.identifier.hexadecimal, new.current.identifier.hexadecimal)
            #expect(try await store.secretsByKey() == [oldKey: 100, newKey: 500])
            let other = Vault(keys: VaultKeys(new), store: store)
            #expect(try await other.secrets(of: machine).map(\.secret) == before)
            #expect(try await sealAnew(store, with: new) == 100)
            #expect(try await store.secretsByKey() == [newKey: 600])
            #expect(try await other.secrets(of: machine).map(\.secret) == before)
            #expect(try await sealAnew(store, with: new) == 0)
            // A server with the old ring refuses before it does anything.
            let refused = await #expect(throws: Failure.self) { try await requireKeys(of: store, in: old) }
            #expect(refused?.code == .vaultKeyWrong)
        }
    }
}
