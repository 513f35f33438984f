package import Fleet
import Foundation
import GRDB
package import Vocabulary

extension SQLiteStore: MembershipLog {
    /// Writes down that a record went to another collection, if it did.
    static func note(_ old: DeviceRecord?, _ new: DeviceRecord, _ db: Database) throws {
        let (from, to) = (old.flatMap(\.collection), new.collection)
        guard from != to else { return }
        try db.kept(
            """
            INSERT INTO membership_change (machine, name, address, "from", "to", at) VALUES (?, ?, ?, ?, ?, ?)
            """
        ).execute(arguments: [
            new.machine.text, new.name.text, new.address, from?.rawValue, to?.rawValue,
            Date().timeIntervalSince1970,
        ])
    }

    package func changes(after sequence: Int64, limit: Int) async throws(Failure) -> [MembershipChange] {
        try await read("read the changes of membership") { db in
            try Row.fetchAll(
                db.kept("SELECT * FROM membership_change WHERE sequence > ? ORDER BY sequence LIMIT ?"),
                arguments: [sequence, limit]
            ).map { row in
                let text: String = row["machine"]
                guard let machine = MachineID(text) else {
                    throw Failure(.storeUnavailable, "a row of table membership_change has machine '\(text)'")
                }
                func collection(_ column: String) -> Fleet.Collection? {
                    (row[column] as String?).flatMap { Fleet.Collection(rawValue: $0) }
                }
                return MembershipChange(
                    sequence: row["sequence"], machine: machine, name: row["name"], address: row["address"],
                    from: collection("from"), to: collection("to"), at: row["at"])
            }
        }
    }

    package func reader(_ name: String) async throws(Failure) -> ReaderState {
        try await write("look up a reader") { db in
            if let row = try Row.fetchOne(db.kept("SELECT * FROM reader WHERE name = ?"), arguments: [name]) {
                return Self.reader(row)
            }
            let last = try Int64.fetchOne(db.kept("SELECT MAX(sequence) FROM membership_change"))
            let state = ReaderState(name: name, taken: last ?? 0)
            try Self.keep(state, db)
            return state
        }
    }

    package func readers() async throws(Failure) -> [ReaderState] {
        try await read("list the readers") { db in
            try Row.fetchAll(db.kept("SELECT * FROM reader ORDER BY name")).map { Self.reader($0) }
        }
    }

    package func keep(_ reader: ReaderState) async throws(Failure) {
        try await write("keep a reader's place") { db in try Self.keep(reader, db) }
    }

    private static func keep(_ reader: ReaderState, _ db: Database) throws {
        try db.kept("INSERT OR REPLACE INTO reader (name, taken, tries, nextTry, problem) VALUES (?, ?, ?, ?, ?)")
            .execute(arguments: [reader.name, reader.taken, reader.tries, reader.nextTry, reader.problem])
    }

    private static func reader(_ row: Row) -> ReaderState {
        var state = ReaderState(name: row["name"], taken: row["taken"])
        (state.tries, state.nextTry, state.problem) = (row["tries"], row["nextTry"], row["problem"])
        return state
    }
}
