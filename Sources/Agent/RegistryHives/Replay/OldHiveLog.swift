/// A log as Windows before 8.1 writes it (`.LOG`, `.LOG1`): one set of pages.
///
/// Behind the base block of 512 bytes stands "DIRT", then a bitmap with one bit for each 512 bytes of the bins, the lowest
/// bit first; the pages that it names follow from the next sector on.
///
/// Source: msuhanov/regf, "Windows registry file format specification".
struct OldHiveLog {
    var header: HiveHeader
    var headerBytes: ArraySlice<UInt8>
    var pages: [(offset: Int, bytes: ArraySlice<UInt8>)]

    /// Nil where the file is no old log in order.
    init?(_ file: [UInt8]) {
        guard let header = HiveHeader(file), [1, 2].contains(header.kind), header.isClean,
            header.binsSize <= longestHive, file[HiveHeader.length...].starts(with: Array("DIRT".utf8))
        else { return nil }
        self.header = header
        headerBytes = file[..<HiveHeader.length]
        pages = []
        let (bitmap, length) = (HiveHeader.length + 4, header.binsSize / 512 / 8)
        guard bitmap + length <= file.count else { return nil }
        var place = (bitmap + length + 511) / 512 * 512
        for index in 0..<(8 * length) where file[bitmap + index / 8] >> (index % 8) & 1 == 1 {
            guard place + 512 <= file.count else { return nil }
            pages.append((512 * index, file[place..<(place + 512)]))
            place += 512
        }
    }
}
