import Foundation
import GRDB
package import Jobs
package import Vocabulary

/// One SQLite database that keeps jobs, journals, device records and sealed secrets.
///
/// Every write is a transaction that is on the disk when it returns (WAL, `synchronous = FULL`): a step's intent is
/// durable before the firmware hears of it.
package struct SQLiteStore: Sendable {
    let pool: DatabasePool
    private let writes: WriteQueue
    let records = RecordCache()
    /// Under which this process runs jobs.
    ///
    /// A later process that opens the same path takes up what this one leaves.
    package var lease: Lease

    /// Opens the database, makes it if need be, and brings its tables up to date.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/storeUnavailable``.
    package init(path: String) throws(Failure) {
        lease = Lease(place: path, token: UUID().uuidString)
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            // Lists take long, and what is read on the caller's thread waits for nobody.
            configuration.maximumReaderCount = 10
            configuration.prepareDatabase { db in
                try db.execute(sql: "PRAGMA foreign_keys = ON")
            }
            pool = try DatabasePool(path: path, configuration: configuration)
            // Not before: with WAL, GRDB sets NORMAL, by which a commit reaches the disk some time later.
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2 else {
                    throw Failure(.storeUnavailable, "SQLite does not take each commit to the disk")
                }
            }
            writes = WriteQueue(pool)
            try Self.migrations.migrate(pool)
        } catch { throw storeFailure(error, "open \(path)") }
    }

    /// Appended to, never edited: a released migration has run somewhere.
    static var migrations: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("2026-11 devices and jobs") { db in
            try db.create(table: "device") { table in
                table.primaryKey("machine", .text)
                table.column("name", .text).notNull().indexed()
                table.column("record", .jsonText).notNull()
            }
            try db.create(table: "secret") { table in
                table.autoIncrementedPrimaryKey("sequence")
                table.column("machine", .text).notNull()
                table.column("purpose", .text).notNull()
                table.column("sealed", .blob).notNull()
                table.column("created", .double).notNull()
            }
            try db.create(index: "secret_of_machine", on: "secret", columns: ["machine", "purpose"])
            try db.create(table: "job") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("kind", .text).notNull()
                table.column("machine", .text).notNull().indexed()
                table.column("parameters", .jsonText).notNull()
                table.column("state", .text).notNull()
                table.column("created", .double).notNull()
                table.column("due", .double).notNull()
                table.column("ended", .double)
                table.column("setbacks", .integer).notNull().defaults(to: 0)
                table.column("failure", .jsonText)
            }
            try db.create(index: "job_due", on: "job", columns: ["state", "due"])
            try db.create(table: "job_signal") { table in
                table.column("job", .integer).notNull().references("job")
                table.column("signal", .text).notNull()
                table.primaryKey(["job", "signal"])
            }
            try db.create(table: "token") { table in
                table.primaryKey("hash", .blob)
                table.column("created", .double).notNull()
                table.column("ends", .double).notNull()
                table.column("note", .text).notNull()
            }
            try db.create(table: "job_event") { table in
                table.autoIncrementedPrimaryKey("sequence")
                table.column("job", .integer).notNull().indexed().references("job")
                table.column("time", .double).notNull()
                table.column("event", .jsonText).notNull()
            }
        }
        migrator.registerMigration("2026-11 revocations") { db in
            try db.create(table: "revocation") { table in
                table.primaryKey("serial", .text)
                table.column("reason", .integer).notNull()
                table.column("at", .double).notNull()
            }
        }
        migrator.registerMigration("2026-11 scoped tokens") { db in
            try db.alter(table: "token") { table in
                table.add(column: "uses", .integer)
                table.add(column: "scope", .jsonText)
                table.add(column: "revoked", .double)
            }
            try db.create(table: "token_machine") { table in
                table.column("hash", .blob).notNull().references("token")
                table.column("machine", .text).notNull()
                table.primaryKey(["hash", "machine"])
            }
        }
        migrator.registerMigration("2026-11 requests of jobs") { db in
            try db.alter(table: "job_event") { $0.add(column: "requests", .jsonText) }
        }
        migrator.registerMigration("2026-11 changes of membership") { db in
            try db.create(table: "membership_change") { table in
                table.autoIncrementedPrimaryKey("sequence")
                table.column("machine", .text).notNull()
                table.column("name", .text).notNull()
                table.column("address", .text).notNull()
                table.column("from", .text)
                table.column("to", .text)
                table.column("at", .double).notNull()
            }
            try db.create(table: "reader") { table in
                table.primaryKey("name", .text)
                table.column("taken", .integer).notNull()
                table.column("tries", .integer).notNull()
                table.column("nextTry", .double).notNull()
                table.column("problem", .text)
            }
        }
        migrator.registerMigration("2026-11 leases") { db in
            try db.alter(table: "job") { table in
                table.add(column: "worker", .text)
                table.add(column: "leaseEnds", .double)
            }
        }
        migrator.registerMigration("2026-11 pre-shared keys") { db in
            try db.create(table: "pre_shared_key") { table in
                table.primaryKey("pid", .text)
                table.column("added", .double).notNull()
                table.column("note", .text).notNull()
                table.column("machine", .text)
                table.column("used", .double)
            }
        }
        migrator.registerMigration("2026-11 evidence for jobs") { db in
            try db.create(table: "job_evidence") { table in
                table.column("job", .integer).notNull().references("job")
                table.column("kind", .text).notNull()
                table.column("text", .text).notNull()
                table.column("time", .double).notNull()
                table.primaryKey(["job", "kind"])
            }
        }
        migrator.registerMigration("2026-11 running jobs by their leases") { db in
            try db.create(
                index: "job_lease", on: "job", columns: ["worker", "leaseEnds"],
                condition: Column("state") == "running")
        }
        migrator.registerMigration("2026-11 unfinished jobs by what they claim") { db in
            try db.execute(
                sql: """
                    CREATE INDEX job_claim ON job
                    (CASE WHEN json_valid(parameters) THEN json_extract(parameters, '$.claim') END)
                    WHERE state IN ('queued', 'running', 'waiting')
                    """)
        }
        return migrator
    }

    /// Reads by several statements that see one state, or much at once.
    func read<Value: Sendable>(
        _ what: String, _ body: @Sendable (Database) throws -> Value
    ) async throws(Failure) -> Value {
        do { return try await pool.read(body) } catch { throw storeFailure(error, what) }
    }

    /// Reads a few rows by one statement, on the caller's thread: in WAL nobody is waited for, and going to another thread
    /// and back costs more than such a read.
    func look<Value>(_ what: String, _ body: (Database) throws -> Value) throws(Failure) -> Value {
        do { return try pool.unsafeRead(body) } catch { throw storeFailure(error, what) }
    }

    func write<Value: Sendable>(
        _ what: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(Failure) -> Value {
        do { return try await writes.write(body) } catch { throw storeFailure(error, what) }
    }
}

extension Database {
    /// A statement that is compiled once for each connection.
    func kept(_ sql: String) throws -> Statement { try cachedStatement(sql: sql) }
}

/// A failure that was thrown inside a transaction, or what the database said.
func storeFailure(_ error: any Error, _ what: String) -> Failure {
    if let failure = error as? Failure { return failure }
    switch (error as? DatabaseError)?.resultCode {
    case .SQLITE_CORRUPT?, .SQLITE_NOTADB?: return storeDamaged("cannot \(what): \(error)")
    case .SQLITE_FULL?:
        return Failure(
            .storeUnavailable, "the store cannot \(what): its disk is full",
            hint: "Make room on the disk of the server's folder and start the server again: the store is as it was, "
                + "and its jobs go on.", remedy: .wait)
    default: break
    }
    return Failure(
        .storeUnavailable, "the store cannot \(what): \(error)",
        hint: "Check that the disk is not full and the folder is the server's own; nothing was changed.", remedy: .wait)
}

func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
}

func storeDamaged(_ what: String) -> Failure {
    Failure(
        .storeDamaged, "the store is damaged: \(what)",
        hint: "Stop the server and restore the last backup (`namesake-server restore --input FILE`), which keeps this "
            + "store aside. Where there is none, `namesake-server recovery list` names what opens each machine.")
}
