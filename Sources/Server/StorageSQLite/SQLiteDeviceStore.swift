package import Fleet
import Foundation
import GRDB
package import Vocabulary

extension SQLiteStore: DeviceStore {
    package func device(_ machine: MachineID) async throws(Failure) -> DeviceRecord? {
        try await read("read a device record") { db in try Self.record(machine, db) }
    }

    package func devices() async throws(Failure) -> [DeviceRecord] {
        try await read("list the device records") { db in
            try String.fetchAll(db, sql: "SELECT record FROM device ORDER BY machine")
                .map { try decode(DeviceRecord.self, $0) }
        }
    }

    package func change(
        _ machine: MachineID, _ body: @Sendable (inout DeviceRecord?) throws(Failure) -> Void
    ) async throws(Failure) -> DeviceRecord? {
        try await write("change a device record") { db in
            let old = try Self.record(machine, db)
            var record = old
            try body(&record)
            guard let record else { return nil }
            try Self.note(old, record, db)
            try db.execute(
                sql: """
                    INSERT INTO device (machine, name, record) VALUES (?, ?, ?)
                    ON CONFLICT (machine) DO UPDATE SET name = excluded.name, record = excluded.record
                    """,  // The name of a machine that is out of use is nobody's.
                arguments: [machine.text, record.stage == .retired ? "" : record.name.text, try encode(record)])
            return record
        }
    }

    package func holder(of name: Hostname, otherThan machine: MachineID) async throws(Failure) -> MachineID? {
        try await read("look up a name") { db in
            try String.fetchOne(
                db, sql: "SELECT machine FROM device WHERE name = ? AND machine <> ?",
                arguments: [name.text, machine.text])
        }.flatMap { MachineID($0) }
    }

    package func keep(
        _ sealed: [UInt8], as purpose: SecretPurpose, of machine: MachineID, now: Double
    ) async throws(Failure) {
        try await write("keep a secret") { db in
            try db.execute(
                sql: "INSERT INTO secret (machine, purpose, sealed, created) VALUES (?, ?, ?, ?)",
                arguments: [machine.text, purpose.rawValue, Data(sealed), now])
        }
    }

    package func sealed(_ purpose: SecretPurpose, of machine: MachineID) async throws(Failure) -> [[UInt8]] {
        try await read("read a secret") { db in
            try Data.fetchAll(
                db, sql: "SELECT sealed FROM secret WHERE machine = ? AND purpose = ? ORDER BY sequence DESC",
                arguments: [machine.text, purpose.rawValue]
            ).map { Array($0) }
        }
    }

    package func forget(
        _ purpose: SecretPurpose, of machine: MachineID, keepingNewest: Bool
    ) async throws(Failure) {
        try await write("forget a secret") { db in
            let newest =
                keepingNewest
                ? try Int64.fetchOne(
                    db, sql: "SELECT MAX(sequence) FROM secret WHERE machine = ? AND purpose = ?",
                    arguments: [machine.text, purpose.rawValue]) : nil
            try db.execute(
                sql: "DELETE FROM secret WHERE machine = ? AND purpose = ? AND sequence <> ?",
                arguments: [machine.text, purpose.rawValue, newest ?? -1])
        }
    }

    private static func record(_ machine: MachineID, _ db: Database) throws -> DeviceRecord? {
        try String.fetchOne(db, sql: "SELECT record FROM device WHERE machine = ?", arguments: [machine.text])
            .map { try decode(DeviceRecord.self, $0) }
    }
}
