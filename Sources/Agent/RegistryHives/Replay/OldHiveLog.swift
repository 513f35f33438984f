/// A log as Windows before 8.1 writes it (`.LOG`, `.LOG1`): one set of pages.
///
/// Behind the base block of 512 bytes stands "DIRT", then a bitmap with one bit for each 512 bytes of the bins, the lowest
/// bit first; the pages that it names follow from the next sector on.
///
/// Source: msuhanov/regf, "Windows registry file format specification".
struct OldHiveLog {
    var header: HiveHeader
    var headerBytes: [UInt8]
    let source: HiveSource
    var pages: [HiveLog.Page]

    /// Nil where the file is no old log in order.
    ///
    /// - Throws: ``HiveFault`` where the file cannot be read.
    init?(_ file: HiveSource) throws(HiveFault) {
        headerBytes = try file.read(at: 0, upTo: HiveHeader.length)
        guard let header = HiveHeader(headerBytes), [1, 2].contains(header.kind), header.isClean,
            header.binsSize <= longestHive,
            try file.read(at: HiveHeader.length, upTo: 4).elementsEqual("DIRT".utf8)
        else { return nil }
        (self.header, source, pages) = (header, file, [])
        let (start, length) = (HiveHeader.length + 4, header.binsSize / 512 / 8)
        let bitmap = try file.read(at: start, upTo: length)
        guard bitmap.count == length else { return nil }
        var place = (start + length + 511) / 512 * 512
        for index in 0..<(8 * length) where bitmap[index / 8] >> (index % 8) & 1 == 1 {
            guard place + 512 <= file.size else { return nil }
            pages.append(HiveLog.Page(offset: 512 * index, place: place..<place + 512))
            place += 512
        }
    }
}
