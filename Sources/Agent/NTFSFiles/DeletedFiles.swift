import CLibFsntfs

extension NTFSVolume {
    /// Names of files and folders that were deleted, and whose records nobody has taken since.
    ///
    /// Windows only marks the record of a deleted file; its name stays there until the record is needed. A trimmed or wiped
    /// surface does not change that.
    ///
    /// - Parameter isWanted: Asked of each name, in small letters.
    /// - Returns: The wanted ones, each once, as they are written.
    /// - Throws: ``NTFSFault`` where not all of the master file table can be read.
    package func deletedNames(where isWanted: (String) -> Bool) throws(NTFSFault) -> [String] {
        let length = try recordLength()
        guard let table = try entry("\\$MFT") else { throw NTFSFault("finding the master file table") }
        let size = try table.size()
        var (place, names): (UInt64, [String]) = (0, [])
        while place < size {
            let piece = try table.read(at: place, upTo: Self.piece / length * length)
            guard piece.count >= length else { break }
            for start in stride(from: 0, through: piece.count - length, by: length) {
                for name in FileRecord(piece[start..<start + length])?.deletedNames ?? []
                where isWanted(name.lowercased()) && !names.contains(name) {
                    names.append(name)
                }
            }
            place += UInt64(piece.count)
        }
        return names
    }

    /// In bytes; read at a time.
    private static var piece: Int { 1 << 20 }
}

/// A record of the master file table.
///
/// Its head has, in little-endian numbers:
///
///      0  "FILE"
///      4  u16, u16  where the words are that belong to the end of each sector, and how many
///     20  u16       where the attributes begin
///     22  u16       flags: 1 in use
///
/// and each attribute: u32 kind at 0, u32 length at 4, u8 at 8 that is 0 where its content is within, u16 at 20 where that begins.
/// The content of kind 0x30 is a name: its length at 64, in UTF-16 from 66 on. Source: tuxera/ntfs-3g, include/ntfs-3g/layout.h.
package struct FileRecord {
    /// None of a record that is in use.
    package private(set) var deletedNames: [String] = []

    /// - Returns: nil where it is none, or is damaged.
    package init?(_ record: ArraySlice<UInt8>) {
        guard record.count >= 48, record.prefix(4).elementsEqual("FILE".utf8) else { return nil }
        let first = record.startIndex
        func number(_ offset: Int, _ count: Int) -> Int {
            guard offset >= 0, offset + count <= record.count else { return 0 }
            return (0..<count).reduce(0) { $0 | Int(record[first + offset + $1]) << (8 * $1) }
        }
        guard number(22, 2) & 1 == 0 else { return }
        guard let whole = Self.restored(Array(record), at: number(4, 2), count: number(6, 2)) else { return nil }
        func wholeNumber(_ offset: Int, _ count: Int) -> Int {
            guard offset >= 0, offset + count <= whole.count else { return 0 }
            return (0..<count).reduce(0) { $0 | Int(whole[offset + $1]) << (8 * $1) }
        }
        var place = wholeNumber(20, 2)
        while place + 24 <= whole.count {
            let (kind, length) = (wholeNumber(place, 4), wholeNumber(place + 4, 4))
            guard kind != 0xFFFF_FFFF, length >= 24, place + length <= whole.count else { return }
            if kind == 0x30, whole[place + 8] == 0 {
                let content = place + wholeNumber(place + 20, 2)
                let units = (0..<wholeNumber(content + 64, 1)).map { UInt16(wholeNumber(content + 66 + 2 * $0, 2)) }
                if !units.isEmpty { deletedNames.append(String(decoding: units, as: UTF16.self)) }
            }
            place += length
        }
    }

    /// With the words put back that stand elsewhere, so that a sector that was not written shows; nil where one does.
    private static func restored(_ record: [UInt8], at place: Int, count: Int) -> [UInt8]? {
        var record = record
        guard count > 0, place >= 40, place + 2 * count <= record.count, (count - 1) * 512 <= record.count else {
            return nil
        }
        for sector in 1..<max(count, 1) {
            let end = sector * 512 - 2
            guard record[end] == record[place], record[end + 1] == record[place + 1] else { return nil }
            record[end] = record[place + 2 * sector]
            record[end + 1] = record[place + 2 * sector + 1]
        }
        return record
    }
}
