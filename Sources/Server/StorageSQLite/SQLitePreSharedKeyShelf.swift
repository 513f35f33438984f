package import Fleet
import Foundation
import GRDB
package import Vocabulary

extension SQLiteStore: PreSharedKeyShelf {
    package func add(_ keys: [(key: KeptPreSharedKey, sealed: [UInt8])]) async throws(Failure) {
        try await write("keep pre-shared keys") { db in
            var known: [String] = []
            for (key, sealed) in keys {
                let isThere = try Bool.fetchOne(
                    db.kept("SELECT EXISTS (SELECT * FROM pre_shared_key WHERE pid = ?)"), arguments: [key.pid])
                guard isThere == false else {
                    known.append(key.pid)
                    continue
                }
                try db.kept("INSERT INTO pre_shared_key (pid, added, note, machine, used) VALUES (?, ?, ?, ?, ?)")
                    .execute(arguments: [key.pid, key.added, key.note, key.machine?.text, key.used])
                try db.kept("INSERT INTO secret (machine, purpose, sealed, created) VALUES (?, ?, ?, ?)").execute(
                    arguments: [
                        MachineID.nobody.text, SecretPurpose.preSharedKey(key.pid).rawValue, Data(sealed), key.added,
                    ])
            }
            guard known.isEmpty else { throw KeptPreSharedKey.duplicates(known) }
        }
    }

    package func preSharedKeys() async throws(Failure) -> [KeptPreSharedKey] {
        try await read("list the pre-shared keys") { db in
            try Row.fetchAll(db.kept("SELECT * FROM pre_shared_key ORDER BY added, rowid")).map { try Self.key($0) }
        }
    }

    package func preSharedKey(_ pid: String) async throws(Failure) -> KeptPreSharedKey? {
        try look("look up a pre-shared key") { db in try Self.key(pid, db) }
    }

    package func use(preSharedKey pid: String, by machine: MachineID, now: Double) async throws(Failure) {
        try await write("mark a pre-shared key as used") { db in
            guard var key = try Self.key(pid, db) else { throw KeptPreSharedKey.unknown(pid) }
            try key.use(by: machine, now: now)
            try db.kept("UPDATE pre_shared_key SET machine = ?, used = ? WHERE pid = ?").execute(arguments: [
                key.machine?.text, key.used, pid,
            ])
        }
    }

    package func remove(preSharedKey pid: String) async throws(Failure) {
        try await write("remove a pre-shared key") { db in
            guard let key = try Self.key(pid, db) else { throw KeptPreSharedKey.unknown(pid) }
            try key.requireUnused()
            try db.kept("DELETE FROM pre_shared_key WHERE pid = ?").execute(arguments: [pid])
            try db.kept("DELETE FROM secret WHERE machine = ? AND purpose = ?").execute(arguments: [
                MachineID.nobody.text, SecretPurpose.preSharedKey(pid).rawValue,
            ])
        }
    }

    private static func key(_ pid: String, _ db: Database) throws -> KeptPreSharedKey? {
        try Row.fetchOne(db.kept("SELECT * FROM pre_shared_key WHERE pid = ?"), arguments: [pid]).map { try key($0) }
    }

    private static func key(_ row: Row) throws -> KeptPreSharedKey {
        let text: String? = row["machine"]
        let machine = text.flatMap { MachineID($0) }
        guard (text == nil) == (machine == nil) else {
            throw Failure(.storeUnavailable, "a pre-shared key of the store names the machine '\(text ?? "")'")
        }
        return KeptPreSharedKey(
            pid: row["pid"], added: row["added"], note: row["note"], machine: machine, used: row["used"])
    }
}
