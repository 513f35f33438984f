import Foundation
import RegistryHives
import TestKit
import Testing

@Suite("Replay of logs", .enabled(if: Hives.arePresent, Hives.note))
struct ReplayTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var hive: String
        var logs: [String]
        /// The last entry's sequence number.
        var sequence: UInt32
        /// Keys that the hive has more than without its logs.
        var keys: Int
        var testDescription: String { hive }
    }

    /// The numbers are those of yarp, which the reference counted.
    static let cases = [
        Case(
            hive: "regipy__SYSTEM_B.xz", logs: ["regipy__SYSTEM_B.LOG1.xz", "regipy__SYSTEM_B.LOG2.xz"],
            sequence: 2130, keys: 2472),
        Case(
            hive: "regipy__transactions_NTUSER.DAT.xz",
            logs: ["regipy__transactions_ntuser.dat.log1.xz", "regipy__transactions_ntuser.dat.log2.xz"],
            sequence: 588, keys: 515),
        Case(
            hive: "regipy__UsrClass.dat.xz", logs: ["regipy__UsrClass.dat.LOG1.xz", "regipy__UsrClass.dat.LOG2.xz"],
            sequence: 300, keys: 33),
    ]

    @Test("brings in what stands only in the logs, in whatever order they come", arguments: cases)
    func replay(example: Case) throws {
        let file = try Hives.bytes(example.hive)
        let logs = try example.logs.map { try Hives.bytes($0) }
        let image = try HiveImage(file, logs: logs)
        #expect(image.state == .recovered(example.sequence))
        #expect(image.provesAbsence)
        let other = try HiveImage(file, logs: logs.reversed() + [[]])
        #expect(try other.state == image.state && other.bytes() == image.bytes())
        let (before, after) = (try Hives.count(Hive(HiveImage(file))), try Hives.count(Hive(image)))
        #expect(after.keys - before.keys == example.keys)
    }

    @Test("a clean hive heeds no log")
    func clean() throws {
        let file = try Hives.bytes("regipy__SYSTEM.xz")
        let image = try HiveImage(file, logs: [try Hives.bytes("regipy__SYSTEM_B.LOG1.xz")])
        #expect(image.state == .clean)
        #expect(try image.bytes() == file)
    }

    @Test("a log with a wrong byte is applied up to it, and then proves no absence", arguments: cases.prefix(1))
    func torn(example: Case) throws {
        let file = try Hives.bytes(example.hive)
        var log = try Hives.bytes(example.logs[1])
        // The first entry of that log: all of the log before it stays.
        log[600] ^= 1
        let image = try HiveImage(file, logs: [try Hives.bytes(example.logs[0]), log])
        #expect(image.state == .partlyRecovered(2110))
        #expect(!image.provesAbsence)
    }

    @Test("beside a log that cannot be read at all, no absence is proved")
    func unreadableLog() throws {
        let file = try Hives.bytes("regipy__SYSTEM_B.xz")
        var log = try Hives.bytes("regipy__SYSTEM_B.LOG1.xz")
        log[4] ^= 1
        let image = try HiveImage(file, logs: [log, try Hives.bytes("regipy__SYSTEM_B.LOG2.xz")])
        #expect(image.state == .partlyRecovered(2130))
        #expect(try HiveImage(file, logs: [log]).state == .dirty)
    }

    @Test("the log of Windows before 8.1 is replayed, and a stale one is not")
    func oldLog() throws {
        let clean = try Hives.bytes("regipy__SAM.xz")
        // A hive whose second sector of bins was not written yet, and the log that has it.
        var file = clean
        file.replaceSubrange(4608..<5120, with: [UInt8](repeating: 0, count: 512))
        file[4] &+= 1
        Self.seal(&file)
        var log = Array(clean[..<512])
        log[28] = 1
        Self.seal(&log)
        let pages = (clean.count - 4096) / 512
        log += Array("DIRT".utf8) + [2] + [UInt8](repeating: 0, count: pages / 8 - 1)
        log += [UInt8](repeating: 0, count: (512 - log.count % 512) % 512) + clean[4608..<5120]
        let image = try HiveImage(file, logs: [log])
        #expect(image.state == .recovered(96))
        #expect(Array(try image.bytes()[4096...]) == Array(clean[4096...]))
        let hive = try Hive(image)
        #expect(try AccountsHive(hive).accounts.map(\.number) == [500, 501, 1000])

        log[16] = 0  // years before
        log[19] = 0
        Self.seal(&log)
        #expect(try HiveImage(file, logs: [log]).state == .dirty)
    }

    /// Makes the checksum of a base block right: written here again, so that it is held against the room's own.
    private static func seal(_ block: inout [UInt8]) {
        var sum: [UInt8] = [0, 0, 0, 0]
        for index in 0..<508 { sum[index % 4] ^= block[index] }
        block.replaceSubrange(508..<512, with: sum)
    }

    @Test("a damaged header is replaced by that of the later log")
    func damagedHeader() throws {
        var file = try Hives.bytes("regipy__UsrClass.dat.xz")
        file[508] ^= 0xFF
        #expect(throws: HiveFault.headerDamaged) { try HiveImage(file) }
        let logs = try ["regipy__UsrClass.dat.LOG1.xz", "regipy__UsrClass.dat.LOG2.xz"].map { try Hives.bytes($0) }
        let image = try HiveImage(file, logs: logs)
        #expect(image.state == .partlyRecovered(300))
        #expect(!image.provesAbsence)
    }

    @Test("every beginning of a log is either refused or leaves a hive that proves no more than it has")
    func prefixes() throws {
        let file = try Hives.bytes("regipy__UsrClass.dat.xz")
        let log = try Hives.bytes("regipy__UsrClass.dat.LOG1.xz")
        for length in stride(from: 0, to: log.count, by: 4099) {
            let image = try HiveImage(file, logs: [Array(log.prefix(length))])
            #expect(try image.bytes().count >= file.count)
        }
    }

    @Test("what is no hive, and one that is cut off, is refused")
    func refused() throws {
        #expect(throws: HiveFault.notAHive) { try HiveImage([]) }
        #expect(throws: HiveFault.notAHive) { try HiveImage([UInt8](repeating: 0, count: 8192)) }
        let file = try Hives.bytes("regipy__SAM.xz")
        #expect(throws: HiveFault.truncated) { try HiveImage(Array(file.prefix(12_288))) }
    }
}
