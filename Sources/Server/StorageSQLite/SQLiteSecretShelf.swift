package import Fleet
import Foundation
import GRDB
package import Vocabulary

extension SQLiteStore: SecretShelf {
    package func secrets(of machine: MachineID) async throws(Failure) -> [SealedSecret] {
        try look("read a machine's secrets") { db in
            try Row.fetchAll(
                db.kept("SELECT * FROM secret WHERE machine = ? ORDER BY sequence"), arguments: [machine.text]
            ).map { try Self.secret($0) }
        }
    }

    package func secrets(after sequence: Int64, limit: Int) async throws(Failure) -> [SealedSecret] {
        try await read("read the secrets") { db in
            try Row.fetchAll(
                db.kept("SELECT * FROM secret WHERE sequence > ? ORDER BY sequence LIMIT ?"),
                arguments: [sequence, limit]
            ).map { try Self.secret($0) }
        }
    }

    package func replace(_ secrets: [SealedSecret]) async throws(Failure) {
        try await write("seal secrets anew") { db in
            for secret in secrets {
                try db.kept("UPDATE secret SET sealed = ? WHERE sequence = ? AND machine = ? AND purpose = ?").execute(
                    arguments: [
                        Data(secret.sealed), secret.sequence, secret.machine.text, secret.purpose.rawValue,
                    ])
            }
        }
    }

    package func secretsByKey() async throws(Failure) -> [String: Int] {
        try await read("count the secrets") { db in
            var found: [String: Int] = [:]
            let rows = try Row.fetchAll(
                db.kept("SELECT lower(hex(substr(sealed, 1, 8))) AS key, COUNT(*) AS count FROM secret GROUP BY 1"))
            for row in rows { found[row["key"], default: 0] += row["count"] }
            return found
        }
    }

    private static func secret(_ row: Row) throws -> SealedSecret {
        let text: String = row["machine"]
        guard let machine = MachineID(text) else {
            throw Failure(.storeUnavailable, "a row of table secret has machine '\(text)'")
        }
        let sealed: Data = row["sealed"]
        return SealedSecret(
            sequence: row["sequence"], machine: machine, purpose: SecretPurpose(rawValue: row["purpose"]),
            sealed: Array(sealed))
    }
}
