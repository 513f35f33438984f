import NTFSFiles
import Testing

/// Records of the master file table, made by the layout of ntfs-3g's layout.h.
@Suite("Records of deleted files")
struct FileRecordTests {
    /// One whose name lies across the end of the first sector, where the word stands that shows a torn write.
    static func record(flags: UInt8, name: String = "SMSCFG.INI") -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1024)
        func put(_ value: [UInt8], _ place: Int) { bytes.replaceSubrange(place..<place + value.count, with: value) }
        put(Array("FILE".utf8) + [48, 0, 3, 0], 0)
        put([56, 0, flags, 0], 20)
        put([0x10, 0, 0, 0, 0x68, 1, 0, 0], 56)
        let units = name.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        put([0x30, 0, 0, 0, 0x80, 0, 0, 0], 416)
        put([24, 0], 436)
        put([UInt8(name.utf16.count), 3] + units, 416 + 24 + 64)
        put([0xFF, 0xFF, 0xFF, 0xFF], 416 + 128)
        // What belongs at 510 and 1022 stands in the list at 48, behind the word that takes its place.
        put([7, 0, bytes[510], bytes[511], bytes[1022], bytes[1023]], 48)
        put([7, 0], 510)
        put([7, 0], 1022)
        return bytes
    }

    @Test("a record that is in no use tells its name, across the end of a sector; one in use tells none")
    func names() throws {
        #expect(try #require(FileRecord(Self.record(flags: 0)[...])).deletedNames == ["SMSCFG.INI"])
        #expect(try #require(FileRecord(Self.record(flags: 1)[...])).deletedNames == [])
        // Within a larger piece, its indices begin elsewhere.
        let piece = [UInt8](repeating: 1, count: 1024) + Self.record(flags: 0)
        #expect(FileRecord(piece[1024...])?.deletedNames == ["SMSCFG.INI"])
    }

    @Test("a torn record, and what is none, tells nothing")
    func torn() {
        var bytes = Self.record(flags: 0)
        bytes[510] = 6
        #expect(FileRecord(bytes[...]) == nil)
        #expect(FileRecord([UInt8](repeating: 0, count: 1024)[...]) == nil)
        #expect(FileRecord(ArraySlice(Array("BAAD".utf8) + bytes[4...])) == nil)
    }

    @Test("no damage to a record traps")
    func damage() {
        var state: UInt64 = 1
        func next() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33)
        }
        for round in 0..<20_000 {
            var bytes = Self.record(flags: 0)
            for _ in 0..<1 + round % 8 {
                // Mostly where numbers stand.
                bytes[next() % (round % 2 == 0 ? 64 : 1024)] = UInt8(next() % 256)
            }
            _ = FileRecord(bytes.prefix(next() % 3 == 0 ? next() % 1025 : 1024))
        }
    }
}
