import Foundation
import GRDB
import Synchronization
package import Vocabulary

/// What a backup holds.
package struct BackupContents: Hashable, Sendable {
    package var devices: Int
    package var jobs: Int
    /// The keys that sealed its secrets, hexadecimal.
    package var keys: [String]
    /// When its latest secret or journal line was written, seconds since 1970.
    package var newest: Double
}

extension SQLiteStore {
    /// Copies the store, as it is at one moment, into a new file; others may read and write meanwhile.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/backupUnfit``; nothing is left at `path` then.
    package func backUp(to path: String) async throws(Failure) -> BackupContents {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw Failure(.backupUnfit, "\(path) is there already", hint: "It was not touched. Name another file.")
        }
        let (pool, partial) = (pool, "\(path).partial")
        do {
            return try await onOwnThread {
                unlink(partial)
                defer { unlink(partial) }
                try copy(pool, to: partial)
                let contents = try Self.inspect(partial)
                try makeDurable(partial)
                guard link(partial, path) == 0 else { throw errnoFailure(path) }
                try makeDurable((path as NSString).deletingLastPathComponent)
                return contents
            }
        } catch { throw backupFailure(error, "write the backup \(path)") }
    }

    /// Looks through a backup whole.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/backupUnfit`` when it is damaged, of a later version or no backup.
    package static func contents(ofBackup path: String) async throws(Failure) -> BackupContents {
        do { return try await onOwnThread { try inspect(path) } } catch {
            throw backupFailure(error, "use \(path)")
        }
    }

    /// Puts a backup in the store's place; nobody may have the store open.
    ///
    /// At no moment is there no store: after a crash it is the former one or the backup, whole.
    ///
    /// - Returns: Where the former store is, when there was one.
    package static func restore(
        _ backup: String, to path: String, aside: String
    ) async throws(Failure) -> String? {
        do {
            return try await onOwnThread {
                let fresh = "\(path).restoring"
                unlink(fresh)
                defer { unlink(fresh) }
                var configuration = Configuration()
                configuration.readonly = true
                try copy(try DatabaseQueue(path: backup, configuration: configuration), to: fresh)
                _ = try inspect(fresh)
                try makeDurable(fresh)
                let wasThere = FileManager.default.fileExists(atPath: path)
                if wasThere {
                    // Writes the log back into the file and removes it; a damaged store keeps its log, which goes along.
                    try? DatabasePool(path: path).close()
                    for log in ["-wal", "-shm"] where rename(path + log, aside + log) != 0 && errno != ENOENT {
                        throw errnoFailure(aside + log)
                    }
                    guard link(path, aside) == 0 else { throw errnoFailure(aside) }
                }
                guard rename(fresh, path) == 0 else { throw errnoFailure(path) }
                try makeDurable((path as NSString).deletingLastPathComponent)
                return wasThere ? aside : nil
            }
        } catch { throw backupFailure(error, "restore \(backup)") }
    }

    /// Looks for damage, all of it in a large store within seconds.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/storeDamaged``.
    package func check() async throws(Failure) {
        try await read("check itself") { db in
            let words = try String.fetchAll(db, sql: "PRAGMA quick_check(3)")
            guard words == ["ok"] else { throw storeDamaged(words.joined(separator: "; ")) }
        }
    }

    private static func inspect(_ path: String) throws -> BackupContents {
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure(.backupUnfit, "there is no file \(path)", hint: "Name a file that `backup` wrote.")
        }
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: path, configuration: configuration).read { db in
            let words = try String.fetchAll(db, sql: "PRAGMA integrity_check(3)")
            guard words == ["ok"] else {
                throw Failure(
                    .backupUnfit, "\(path) is damaged: \(words.joined(separator: "; "))",
                    hint: "Nothing was changed. Use another backup.")
            }
            guard try db.tableExists("grdb_migrations"), try db.tableExists("job_event") else {
                throw Failure(
                    .backupUnfit, "\(path) is no backup of this server's store", hint: "Nothing was changed.")
            }
            guard try !migrations.hasBeenSuperseded(db) else {
                throw Failure(
                    .backupUnfit, "\(path) was written by a later version of this server",
                    hint: "Nothing was changed. Restore it with that version.")
            }
            let newest = try Double.fetchOne(
                db,
                sql: """
                    SELECT MAX(IFNULL((SELECT MAX(created) FROM secret), 0),
                        IFNULL((SELECT MAX(time) FROM job_event), 0))
                    """)
            return BackupContents(
                devices: try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM device") ?? 0,
                jobs: try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM job") ?? 0,
                keys: try String.fetchAll(
                    db, sql: "SELECT DISTINCT lower(hex(substr(sealed, 1, 8))) FROM secret ORDER BY 1"),
                newest: newest ?? 0)
        }
    }
}

/// Copies all pages in one step, so that no writer can come in between.
private func copy(_ source: some DatabaseReader, to path: String) throws {
    let made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard made >= 0 else { throw errnoFailure(path) }
    close(made)
    let target = try DatabaseQueue(path: path)
    try source.backup(to: target)
    // One file, without a log beside it.
    try target.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
    try target.close()
}

private func makeDurable(_ path: String) throws {
    let descriptor = open(path.isEmpty ? "." : path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw errnoFailure(path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw errnoFailure(path) }
}

private func errnoFailure(_ path: String) -> Failure {
    Failure(.backupUnfit, "\(path): \(String(cString: strerror(errno)))", hint: "Make room, or name another place.")
}

private func backupFailure(_ error: any Error, _ what: String) -> Failure {
    if let failure = error as? Failure { return failure }
    if (error as? DatabaseError)?.resultCode == .SQLITE_FULL {
        return Failure(
            .backupUnfit, "cannot \(what): its disk is full",
            hint: "Make room, or name another place. The store was not changed.")
    }
    return Failure(.backupUnfit, "cannot \(what): \(error)", hint: "The store was not changed.")
}

/// Disk work that takes long, on a thread that nobody else waits for.
///
/// The thread lets go of the work before it answers: were it the last to hold a store, that would be closed, and its log
/// written into the file, at some moment after whoever asked has gone on.
private func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    let work = Mutex<(@Sendable () throws -> Value)?>(body)
    return try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async {
            let result = Result { try work.withLock { $0.take() }.map { try $0() } }
            continuation.resume(with: result.flatMap { $0.map(Result.success) ?? .failure(CancellationError()) })
        }
    }
}
