/// Where a hive, or a log of one, is read from, piece by piece: neither is ever held in memory twice.
package struct HiveSource {
    /// In bytes.
    package let size: Int
    private let fetch: (_ offset: Int, _ count: Int) throws(HiveFault) -> [UInt8]

    /// In bytes; read at a time.
    static let piece = 1 << 20

    /// - Parameters:
    ///   - size: In bytes.
    ///   - fetch: Gives that many bytes from a place on, all of which are within the size.
    package init(size: Int, fetch: @escaping (_ offset: Int, _ count: Int) throws(HiveFault) -> [UInt8]) {
        self.size = size
        self.fetch = fetch
    }

    package init(_ bytes: [UInt8]) {
        self.init(size: bytes.count) { offset, count throws(HiveFault) in Array(bytes[offset..<offset + count]) }
    }

    /// What is there, up to so many bytes.
    func read(at offset: Int, upTo count: Int) throws(HiveFault) -> [UInt8] {
        guard offset >= 0, count > 0, offset < size else { return [] }
        let bytes = try fetch(offset, min(count, size - offset))
        guard bytes.count == min(count, size - offset) else { throw .sourceUnreadable("a file ends before its size") }
        return bytes
    }

    /// All of a part, in pieces.
    func forEachPiece(
        of range: Range<Int>, _ use: (_ offset: Int, _ bytes: [UInt8]) throws(HiveFault) -> Void
    ) throws(HiveFault) {
        var place = range.lowerBound
        while place < range.upperBound {
            let bytes = try read(at: place, upTo: min(Self.piece, range.upperBound - place))
            guard !bytes.isEmpty else { throw .sourceUnreadable("a file ends before its size") }
            try use(place, bytes)
            place += bytes.count
        }
    }
}
