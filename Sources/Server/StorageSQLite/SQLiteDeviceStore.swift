package import Fleet
import Foundation
import GRDB
import Synchronization
package import Vocabulary

extension SQLiteStore: DeviceStore {
    package func device(_ machine: MachineID) async throws(Failure) -> DeviceRecord? {
        try look("read a device record") { db in try record(machine, db) }
    }

    package func devices() async throws(Failure) -> [DeviceRecord] {
        try await read("list the device records") { db in
            try String.fetchAll(db.kept("SELECT record FROM device ORDER BY machine"))
                .map { try decode(DeviceRecord.self, $0) }
        }
    }

    package func devices(after machine: MachineID?, limit: Int) async throws(Failure) -> [DeviceRecord] {
        try await read("list the device records") { db in
            try Self.texts(machine, limit, db).map { try decode(DeviceRecord.self, $0) }
        }
    }

    package func deviceTexts(after machine: MachineID?, limit: Int) async throws(Failure) -> [String] {
        try await read("list the device records") { db in try Self.texts(machine, limit, db) }
    }

    private static func texts(_ machine: MachineID?, _ limit: Int, _ db: Database) throws -> [String] {
        try String.fetchAll(
            db.kept("SELECT record FROM device WHERE machine > ? ORDER BY machine LIMIT ?"),
            arguments: [machine?.text ?? "", limit])
    }

    package func change(
        _ machine: MachineID, _ body: @escaping @Sendable (inout DeviceRecord?) throws(Failure) -> Void
    ) async throws(Failure) -> DeviceRecord? {
        try await write("change a device record") { db in
            let old = try self.record(machine, db)
            var record = old
            try body(&record)
            guard let record else { return nil }
            try Self.note(old, record, db)
            let text = try encode(record)
            records.keep(record, as: text)
            // The name of a machine that is out of use is nobody's.
            try db.kept(
                """
                INSERT INTO device (machine, name, record) VALUES (?, ?, ?)
                ON CONFLICT (machine) DO UPDATE SET name = excluded.name, record = excluded.record
                """
            ).execute(arguments: [machine.text, record.stage == .retired ? "" : record.name.text, text])
            return record
        }
    }

    package func holder(of name: Hostname, otherThan machine: MachineID) async throws(Failure) -> MachineID? {
        try look("look up a name") { db in
            try String.fetchOne(
                db.kept("SELECT machine FROM device WHERE name = ? AND machine <> ?"),
                arguments: [name.text, machine.text])
        }.flatMap { MachineID($0) }
    }

    package func keep(
        _ sealed: [UInt8], as purpose: SecretPurpose, of machine: MachineID, now: Double
    ) async throws(Failure) {
        try await write("keep a secret") { db in
            try db.kept("INSERT INTO secret (machine, purpose, sealed, created) VALUES (?, ?, ?, ?)").execute(
                arguments: [machine.text, purpose.rawValue, Data(sealed), now])
        }
    }

    package func sealed(_ purpose: SecretPurpose, of machine: MachineID) async throws(Failure) -> [[UInt8]] {
        try look("read a secret") { db in
            try Data.fetchAll(
                db.kept("SELECT sealed FROM secret WHERE machine = ? AND purpose = ? ORDER BY sequence DESC"),
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
                    db.kept("SELECT MAX(sequence) FROM secret WHERE machine = ? AND purpose = ?"),
                    arguments: [machine.text, purpose.rawValue]) : nil
            try db.kept("DELETE FROM secret WHERE machine = ? AND purpose = ? AND sequence <> ?").execute(arguments: [
                machine.text, purpose.rawValue, newest ?? -1,
            ])
        }
    }

    private func record(_ machine: MachineID, _ db: Database) throws -> DeviceRecord? {
        let text = try String.fetchOne(
            db.kept("SELECT record FROM device WHERE machine = ?"), arguments: [machine.text])
        return try text.map { try records.read($0, of: machine) }
    }
}

/// Records that were read from their JSON, for as long as the store holds the same text: a job looks at its machine's
/// record many times, and another server may write it at any time.
final class RecordCache: Sendable {
    private let kept = Mutex<[MachineID: (text: String, record: DeviceRecord)]>([:])
    /// A few kilobytes each.
    private static let most = 2000

    func read(_ text: String, of machine: MachineID) throws -> DeviceRecord {
        if let known = kept.withLock({ $0[machine] }), known.text == text { return known.record }
        let record = try decode(DeviceRecord.self, text)
        keep(record, as: text)
        return record
    }

    func keep(_ record: DeviceRecord, as text: String) {
        kept.withLock { kept in
            if kept.count >= Self.most { kept = [:] }
            kept[record.machine] = (text, record)
        }
    }
}
