import GRDB
import Synchronization

/// Takes what several ask to write at the same moment to the disk together.
///
/// One of those who write leads: what waits behind it goes into its transaction, each a savepoint, which fails alone; nobody
/// is told that it is done before all of it is on the disk. Then another one leads. Who writes alone has a transaction of
/// his own. Nothing of a write is held any more when its writer goes on: whoever closes the store then, closes it.
final class WriteQueue: Sendable {
    private typealias Work = @Sendable (Database) throws -> Void

    private enum Turn: Sendable {
        case lead
        case written((any Error)?)
    }

    private struct Waiting: Sendable {
        var work: Work
        var told: CheckedContinuation<Turn, Never>
    }

    private struct State: Sendable {
        var waiting: [Waiting] = []
        var isLed = false
    }

    private let state = Mutex(State())
    private let pool: DatabasePool
    /// So that the first of a crowd does not wait for the last.
    private static let most = 64

    init(_ pool: DatabasePool) { self.pool = pool }

    /// Runs the body in a transaction.
    ///
    /// - Returns: What the body gave, once it is on the disk.
    /// - Throws: What the body throws, and nothing of it is kept then; or the database's error.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        let given = Given<Value>()
        let work: Work = { db in given.set(try body(db)) }
        let turn = await withCheckedContinuation { (told: CheckedContinuation<Turn, Never>) in
            let leads = state.withLock { state in
                guard state.isLed else {
                    state.isLed = true
                    return true
                }
                state.waiting.append(Waiting(work: work, told: told))
                return false
            }
            if leads { told.resume(returning: .lead) }
        }
        switch turn {
        case .lead: try await lead(work)
        case .written(let failure): if let failure { throw failure }
        }
        guard let value = given.value else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        return value
    }

    private func lead(_ own: @escaping Work) async throws {
        defer { handOver() }
        var crowd = state.withLock { state in
            defer { state.waiting.removeFirst(min(Self.most, state.waiting.count)) }
            return Array(state.waiting.prefix(Self.most))
        }
        guard !crowd.isEmpty else {
            return try await pool.writeWithoutTransaction { db in
                if let failure = Self.take([own], db)[0] { throw failure }
            }
        }
        let told = crowd.map(\.told)
        let loan = Loan(([own] + crowd.map(\.work), pool))
        crowd = []
        let outcomes = await together(loan)
        for (told, outcome) in zip(told, outcomes.dropFirst()) { told.resume(returning: .written(outcome)) }
        if let failure = outcomes[0] { throw failure }
    }

    /// In a task of its own: were the one that leads cancelled, SQLite would be interrupted in what others write.
    private func together(_ loan: Loan<([Work], DatabasePool)>) async -> [(any Error)?] {
        await Task {
            guard let (works, pool) = loan.takeBack() else { return [] }
            do { return try await pool.writeWithoutTransaction { db in Self.take(works, db) } } catch {
                return [(any Error)?](repeating: error, count: works.count)
            }
        }.value
    }

    private func handOver() {
        let next = state.withLock { state -> Waiting? in
            state.isLed = !state.waiting.isEmpty
            return state.isLed ? state.waiting.removeFirst() : nil
        }
        next?.told.resume(returning: .lead)
    }

    /// - Returns: Of each why nothing of it is kept, if nothing is.
    private static func take(_ works: [Work], _ db: Database) -> [(any Error)?] {
        var outcomes = [(any Error)?](repeating: nil, count: works.count)
        do {
            try db.kept("BEGIN IMMEDIATE").execute()
            if works.count == 1 {
                try works[0](db)
            } else {
                for place in works.indices { outcomes[place] = try apart(works[place], db) }
            }
            try db.kept("COMMIT").execute()
        } catch {
            // SQLite has rolled back by itself after some errors.
            if db.isInsideTransaction { try? db.rollback() }
            for place in works.indices where outcomes[place] == nil { outcomes[place] = error }
        }
        return outcomes
    }

    /// - Returns: Why nothing of it is kept, if nothing is.
    /// - Throws: When the transaction as a whole is lost.
    private static func apart(_ work: Work, _ db: Database) throws -> (any Error)? {
        try db.kept("SAVEPOINT one").execute()
        var outcome: (any Error)?
        do { try work(db) } catch {
            guard db.isInsideTransaction else { throw error }
            outcome = error
            try db.kept("ROLLBACK TO SAVEPOINT one").execute()
        }
        try db.kept("RELEASE SAVEPOINT one").execute()
        return outcome
    }
}

/// A value that one thread sets and another reads.
private final class Given<Value: Sendable>: Sendable {
    private let held = Mutex<Value?>(nil)
    var value: Value? { held.withLock { $0 } }
    func set(_ value: Value) { held.withLock { $0 = value } }
}

/// What a task is lent, and has no more when it is over.
private final class Loan<Value: Sendable>: Sendable {
    private let held: Mutex<Value?>
    init(_ value: Value) { held = Mutex(value) }
    func takeBack() -> Value? { held.withLock { $0.take() } }
}
