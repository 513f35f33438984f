package import Fleet
import Foundation
import GRDB
package import Vocabulary

extension SQLiteStore: TokenStore {
    package func add(tokenHash: [UInt8], note: String, ends: Double, now: Double) async throws(Failure) {
        try await write("keep a token") { db in
            try db.execute(
                sql: "INSERT INTO token (hash, created, ends, note) VALUES (?, ?, ?, ?)",
                arguments: [Data(tokenHash), now, ends, note])
        }
    }

    package func isValid(tokenHash: [UInt8], now: Double) async throws(Failure) -> Bool {
        try await read("check a token") { db in
            try Bool.fetchOne(
                db, sql: "SELECT ends > ? FROM token WHERE hash = ?", arguments: [now, Data(tokenHash)]) ?? false
        }
    }
}

extension SQLiteStore: RevocationStore {
    package func revoke(_ revocation: Revocation) async throws(Failure) {
        try await write("keep a revocation") { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO revocation (serial, reason, at) VALUES (?, ?, ?)",
                arguments: [revocation.serial, revocation.reason, revocation.at])
        }
    }

    package func revocations() async throws(Failure) -> [Revocation] {
        try await read("list the revocations") { db in
            try Row.fetchAll(db, sql: "SELECT * FROM revocation ORDER BY at, serial").map {
                Revocation(serial: $0["serial"], reason: $0["reason"], at: $0["at"])
            }
        }
    }
}
