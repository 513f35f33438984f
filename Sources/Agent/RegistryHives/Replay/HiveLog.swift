/// A log of changes to a hive, as Windows 8.1 and later write it (`.LOG1`, `.LOG2`).
///
/// Behind a base block of 512 bytes, entries follow, each a multiple of 512 bytes:
///
///      0  "HvLE"
///      4  u32  size
///     12  u32  sequence number
///     16  u32  size of the hive's bins afterwards
///     20  u32  number of pages
///     24  u64  Marvin32 over what is behind 40
///     32  u64  Marvin32 over the first 32 bytes
///     40       for each page: u32 offset in the bins, u32 size; then the pages
///
/// Source: msuhanov/regf, "Windows registry file format specification".
struct HiveLog {
    var header: HiveHeader
    var headerBytes: [UInt8]
    let source: HiveSource
    /// One behind the other, without a gap.
    var entries: [Entry]
    /// Behind the last entry something begins that was to be the next.
    var isCutOff: Bool

    struct Entry {
        var sequence: UInt32
        var binsSize: Int
        var pages: [Page]
    }

    /// A part of the hive's bins as it was to be.
    struct Page {
        /// In the bins, in bytes.
        var offset: Int
        /// Where it stands in the log.
        var place: Range<Int>
    }

    /// Reads all entries up to the first that does not follow; nil where the file is no new log in order.
    ///
    /// - Throws: ``HiveFault`` where the file cannot be read.
    init?(_ file: HiveSource) throws(HiveFault) {
        headerBytes = try file.read(at: 0, upTo: HiveHeader.length)
        guard let header = HiveHeader(headerBytes), header.kind == 6, header.isClean else { return nil }
        (self.header, source) = (header, file)
        (entries, isCutOff) = ([], false)
        var offset = HiveHeader.length
        while file.size - offset >= 40 {
            let head = try file.read(at: offset, upTo: 40)
            guard head.starts(with: Array("HvLE".utf8)) else { return }
            let sequence = word(head, 12)
            if let last = entries.last, sequence != last.sequence &+ 1 {
                // What is left of an older round is the end; what is newer than expected says that one is missing.
                isCutOff = sequence > last.sequence
                return
            }
            guard let (entry, size) = try Self.entry(file, head, at: offset) else {
                isCutOff = true
                return
            }
            entries.append(entry)
            offset += size
        }
    }

    private static func entry(
        _ file: HiveSource, _ head: [UInt8], at start: Int
    ) throws(HiveFault) -> (Entry, size: Int)? {
        let size = Int(word(head, 4))
        guard size >= 512, size % 512 == 0, size <= file.size - start else { return nil }
        var hash = Marvin32()
        hash.add(head[..<32])
        guard longWord(head, 32) == hash.value() else { return nil }
        hash = Marvin32()
        try file.forEachPiece(of: start + 40..<start + size) { _, bytes in hash.add(bytes) }
        guard longWord(head, 24) == hash.value() else { return nil }
        let (binsSize, count) = (Int(word(head, 16)), Int(word(head, 20)))
        guard binsSize <= longestHive, count <= size / 8 else { return nil }
        let table = try file.read(at: start + 40, upTo: 8 * count)
        var (pages, place): ([Page], Int) = ([], start + 40 + 8 * count)
        for index in 0..<count {
            let (offset, length) = (Int(word(table, 8 * index)), Int(word(table, 8 * index + 4)))
            guard offset + length <= binsSize, place + length <= start + size else { return nil }
            pages.append(Page(offset: offset, place: place..<place + length))
            place += length
        }
        return (Entry(sequence: word(head, 12), binsSize: binsSize, pages: pages), size)
    }
}
