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
    var headerBytes: ArraySlice<UInt8>
    /// One behind the other, without a gap.
    var entries: [Entry]
    /// Behind the last entry something begins that was to be the next.
    var isCutOff: Bool

    struct Entry {
        var sequence: UInt32
        var binsSize: Int
        var pages: [(offset: Int, bytes: ArraySlice<UInt8>)]
    }

    /// Reads all entries up to the first that does not follow; nil where the file is no new log in order.
    init?(_ file: [UInt8]) {
        guard let header = HiveHeader(file), header.kind == 6, header.isClean else { return nil }
        self.header = header
        headerBytes = file[..<HiveHeader.length]
        (entries, isCutOff) = ([], false)
        var offset = HiveHeader.length
        while file.count - offset >= 40, file[offset...].starts(with: Array("HvLE".utf8)) {
            let sequence = word(file, offset + 12)
            if let last = entries.last, sequence != last.sequence &+ 1 {
                // What is left of an older round is the end; what is newer than expected says that one is missing.
                isCutOff = sequence > last.sequence
                return
            }
            guard let (entry, size) = Self.entry(file, at: offset, sequence) else {
                isCutOff = true
                return
            }
            entries.append(entry)
            offset += size
        }
    }

    private static func entry(_ file: [UInt8], at start: Int, _ sequence: UInt32) -> (Entry, size: Int)? {
        let size = Int(word(file, start + 4))
        guard size >= 512, size % 512 == 0, size <= file.count - start else { return nil }
        let stored = { (offset: Int) in UInt64(word(file, offset)) | UInt64(word(file, offset + 4)) << 32 }
        guard stored(start + 32) == marvin32(file[start..<start + 32]),
            stored(start + 24) == marvin32(file[(start + 40)..<(start + size)])
        else { return nil }
        let (binsSize, count) = (Int(word(file, start + 16)), Int(word(file, start + 20)))
        guard binsSize <= longestHive, count <= size / 8 else { return nil }
        var (pages, place): ([(offset: Int, bytes: ArraySlice<UInt8>)], Int) = ([], start + 40 + 8 * count)
        for index in 0..<count {
            let (offset, length) = (Int(word(file, start + 40 + 8 * index)), Int(word(file, start + 44 + 8 * index)))
            guard offset + length <= binsSize, place + length <= start + size else { return nil }
            pages.append((offset, file[place..<(place + length)]))
            place += length
        }
        return (Entry(sequence: sequence, binsSize: binsSize, pages: pages), size)
    }
}
