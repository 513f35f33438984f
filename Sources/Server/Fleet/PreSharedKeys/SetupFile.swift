package import Vocabulary

/// The file `setup.bin`, from which a machine's BIOS takes PID, PPS and passwords off a USB key.
///
/// A header, then records of one length; all numbers little-endian, all lengths in pieces of 512 bytes:
///
///     0   16   file type, one for each version 1 to 4
///     16  u16  pieces of the header; 18 u16 bytes of it; 20 u32 zero
///     24  u8   major version, u8 minor version; 26 u16 flags: 1 records are not consumed
///     28  u32  records; 32 u32 of them consumed; 36 u16 pieces of each record
///
/// A record is 24 bytes (u32 type, 1 for data; u32 flags: 1 valid, 2 scrambled; 8 reserved; u16 pieces; u16 bytes of its
/// head; u32 number) and then entries: u16 module, u16 variable, u16 length, u16 reserved, value, filled up to four bytes.
/// Module 0 ends them. A scrambled record has 17 added to each byte after its head, which hides nothing.
///
/// Source: MeshCommander's `amt-setupbin` (layout, file types, scrambling, module 1 variables 1 and 2: the present and the
/// new MEBx password, module 2 variables 1 and 2: PID and PPS), in agreement with the maker's guide "Intel AMT and USB
/// Versions". That tool writes zeros for numbers of pieces: they count as one. No file of a real BIOS was at hand.
package struct SetupFile: Sendable {
    /// Those of used records too: the machines that took them will say hello.
    package var keys: [PreSharedKey]
    /// Records without PID and PPS: for set-up by certificates, or cleared when they were used.
    package var others: Int

    /// A layout of the file; only its head differs for what is written here.
    package enum Version: Int, CaseIterable, Sendable {
        /// AMT 2.
        case one = 1
        /// From AMT 3 on.
        case two
        /// From AMT 6 on.
        case three
        case four

        var fileType: [UInt8] {
            switch self {
            case .one: [0xB5, 0x16, 0xFB, 0x71, 0x87, 0xCB, 0xF9, 0x4A, 0xB4, 0x41, 0xCA, 0x7B, 0x38, 0x35, 0x78, 0xF9]
            case .two: [0x96, 0xB2, 0x81, 0x58, 0xCF, 0x6B, 0x72, 0x4C, 0x8B, 0x91, 0xA1, 0x5E, 0x51, 0x2E, 0x99, 0xC4]
            case .three:
                [0xA7, 0xF7, 0xF6, 0xC6, 0x89, 0xC4, 0xF6, 0x47, 0x93, 0xED, 0xE2, 0xE5, 0x02, 0x0D, 0xA5, 0x1D]
            case .four:
                [0xAA, 0xA9, 0x34, 0x52, 0xE1, 0x29, 0xA9, 0x44, 0x8D, 0x4D, 0x08, 0x1C, 0x07, 0xB9, 0x63, 0x53]
            }
        }
    }

    static let piece = 512
    static let recordHead = 24

    /// Whether the bytes begin as such a file does.
    package static func begins(_ bytes: [UInt8]) -> Bool {
        Version.allCases.contains { bytes.starts(with: $0.fileType) }
    }
}

// MARK: reading

extension SetupFile {
    /// Reads the whole file.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/preSharedKeyFileUnreadable`` for a file that is cut off, damaged or no
    ///   such file, with ``Failure/Code/preSharedKeyUnfit`` for a PID or PPS that is none. No value is shown.
    package init(_ bytes: [UInt8]) throws(Failure) {
        guard Self.begins(bytes) else {
            throw Self.unreadable("it does not begin as a setup.bin of version 1 to 4 does")
        }
        guard bytes.count >= Self.piece else {
            throw Self.unreadable("it is cut off: \(bytes.count) bytes, and its head alone has \(Self.piece)")
        }
        let head = max(1, Self.number(bytes, 16, 2)) * Self.piece
        let count = Self.number(bytes, 28, 4)
        let length = max(1, Self.number(bytes, 36, 2)) * Self.piece
        guard bytes.count >= head + count * length else {
            throw Self.unreadable(
                "it is cut off: it says that it holds \(count) records, and ends in number "
                    + "\(max(0, bytes.count - head) / length + 1)")
        }
        guard bytes[(head + count * length)...].allSatisfy({ $0 == 0 }) else {
            throw Self.unreadable("it goes on after the \(count) records that it says it holds")
        }
        (keys, others) = ([], 0)
        for place in 0..<count {
            let start = head + place * length
            if let key = try Self.key(Array(bytes[start..<(start + length)]), number: place + 1) {
                keys.append(key)
            } else {
                others += 1
            }
        }
    }

    private static func key(_ record: [UInt8], number: Int) throws(Failure) -> PreSharedKey? {
        let flags = Self.number(record, 4, 4)
        let isGood = Self.number(record, 0, 4) == 1 && flags & 1 == 1
        var body = record[recordHead...]
        if flags & 2 == 2 { for place in body.indices { body[place] &-= 17 } }
        let entries: [Entry: [UInt8]]
        do throws(Failure) { entries = try Self.entries(Array(body), record: number) } catch {
            // A BIOS may write over a record that it has used.
            guard isGood else { return nil }
            throw error
        }
        guard entries[.pid] != nil || entries[.pps] != nil else { return nil }
        guard let pid = entries[.pid], let pps = entries[.pps] else {
            throw unreadable("its record \(number) holds only one of PID and PPS")
        }
        return try PreSharedKey(
            pid: String(decoding: pid, as: UTF8.self), pps: Secret(pps),
            password: entries[.newPassword].map { Secret($0) })
    }

    private struct Entry: Hashable {
        var module: Int
        var variable: Int

        static let presentPassword = Entry(module: 1, variable: 1)
        static let newPassword = Entry(module: 1, variable: 2)
        static let pid = Entry(module: 2, variable: 1)
        static let pps = Entry(module: 2, variable: 2)
    }

    private static func entries(_ body: [UInt8], record: Int) throws(Failure) -> [Entry: [UInt8]] {
        var found: [Entry: [UInt8]] = [:]
        var place = 0
        while place + 8 <= body.count, Self.number(body, place, 2) != 0 {
            let entry = Entry(module: Self.number(body, place, 2), variable: Self.number(body, place + 2, 2))
            let length = Self.number(body, place + 4, 2)
            guard place + 8 + length <= body.count else {
                throw unreadable("its record \(record) is damaged: an entry goes on past the record's end")
            }
            var value = Array(body[(place + 8)..<(place + 8 + length)])
            while value.last == 0 { value.removeLast() }
            found[entry] = value
            place += 8 + (length + 3) / 4 * 4
        }
        return found
    }

    private static func number(_ bytes: [UInt8], _ place: Int, _ width: Int) -> Int {
        bytes[place..<(place + width)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private static func unreadable(_ what: String) -> Failure {
        Failure(
            .preSharedKeyFileUnreadable, "the setup.bin cannot be taken: \(what)",
            hint: "Nothing was taken. Copy the file off the USB key again, or have it made again.")
    }
}

// MARK: writing

extension SetupFile {
    /// The bytes of a file of which each machine uses one record.
    ///
    /// - Parameters:
    ///   - keys: One record each; a key without a password makes a record that leaves MEBx's as it is.
    ///   - version: Of the layout.
    ///   - present: What MEBx has before: BIOS asks for the factory's.
    /// - Returns: The file; a secret, as its keys are.
    package static func bytes(
        of keys: [PreSharedKey], version: Version, present: String = "admin"
    ) -> Secret {
        var file = version.fileType
        for (value, width) in [
            (1, 2), (38, 2), (0, 4), (version.rawValue, 1), (0, 1), (0, 2), (keys.count, 4), (0, 4), (1, 2),
        ] {
            file += little(value, width)
        }
        file += [UInt8](repeating: 0, count: piece - file.count)
        for (place, key) in keys.enumerated() { file += record(key, number: place + 1, present: present) }
        return Secret(file)
    }

    private static func record(_ key: PreSharedKey, number: Int, present: String) -> [UInt8] {
        var record: [UInt8] = []
        for (value, width) in [(1, 4), (1, 4), (0, 8), (1, 2), (recordHead, 2), (number, 4)] {
            record += little(value, width)
        }
        // In this order: what BIOS reads first has to be the passwords.
        record += entry(.presentPassword, Array(present.utf8))
        if let password = key.password { record += password.reveal { entry(.newPassword, $0) } }
        record += entry(.pid, Array(key.pid.utf8))
        record += key.pps.reveal { entry(.pps, $0) }
        return record + [UInt8](repeating: 0, count: piece - record.count)
    }

    private static func entry(_ entry: Entry, _ value: [UInt8]) -> [UInt8] {
        let bytes =
            little(entry.module, 2) + little(entry.variable, 2) + little(value.count, 2) + little(0, 2) + value
        return bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    }

    private static func little(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> ($0 * 8)) : 0 }
    }
}
