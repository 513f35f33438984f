import Glibc

/// Reads parts of a disk and tells whether they are one constant throughout.
///
/// One reader serves all probes of a disk: the constant that the first one saw binds the others.
package struct SurfaceReader: ~Copyable {
    /// In bytes; read at a time.
    private static let chunk = 1 << 20
    /// So many faults end a probe: a dying disk takes seconds for each.
    private static let faultsBorne = 8
    /// So many signatures are enough for a person.
    private static let hitsKept = 32

    private let buffer: UnsafeMutableRawBufferPointer
    private let excused: [Range<UInt64>]
    private var constant: UInt8?

    /// - Parameter excused: Bytes that are known to be a partition table; what they say is said elsewhere.
    package init(excused: [Range<UInt64>]) {
        buffer = .allocate(byteCount: Self.chunk, alignment: 4096)
        self.excused = excused
    }

    deinit { buffer.deallocate() }

    /// Reads all of the ranges, or as much as can be read.
    ///
    /// - Parameters:
    ///   - ranges: In bytes, on whole blocks but for the end of the disk.
    ///   - disk: Where they are.
    ///   - progress: Told how many bytes more were read.
    /// - Returns: What was seen, faults among it.
    package mutating func read(
        _ ranges: some Sequence<Range<UInt64>>, of disk: borrowing Disk, progress: (UInt64) -> Void = { _ in }
    ) -> SurfaceTally {
        var tally = SurfaceTally()
        for range in ranges {
            tally.planned += range.upperBound - range.lowerBound
            var place = range.lowerBound
            while place < range.upperBound && tally.faults.count < Self.faultsBorne {
                let count = Int(min(UInt64(Self.chunk), range.upperBound - place))
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                do throws(DiskFault) {
                    try disk.read(at: place, into: part)
                    look(at: UnsafeRawBufferPointer(part), offset: place, into: &tally)
                    tally.read += UInt64(count)
                } catch { tally.faults.append(error) }
                progress(UInt64(count))
                place += UInt64(count)
            }
        }
        return tally
    }

    private mutating func look(at bytes: UnsafeRawBufferPointer, offset: UInt64, into tally: inout SurfaceTally) {
        let size = Int(ScanPlan.block)
        let end = offset + UInt64(bytes.count)
        let holdsTable = excused.contains { $0.overlaps(offset..<end) }
        if !holdsTable, let value = Self.constant(bytes) {
            tally.blocks += (bytes.count + size - 1) / size
            return note(value, at: offset, in: &tally)
        }
        for start in stride(from: 0, to: bytes.count, by: size) {
            let block = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + size, bytes.count)])
            lookClosely(at: block, offset: offset + UInt64(start), into: &tally)
        }
    }

    private mutating func lookClosely(
        at block: UnsafeRawBufferPointer, offset: UInt64, into tally: inout SurfaceTally
    ) {
        tally.blocks += 1
        var isEven = true
        for part in notExcused(offset..<offset + UInt64(block.count)) {
            let bytes = UnsafeRawBufferPointer(
                rebasing: block[Int(part.lowerBound - offset)..<Int(part.upperBound - offset)])
            if let value = Self.constant(bytes) { note(value, at: part.lowerBound, in: &tally) } else { isEven = false }
            findSignatures(in: bytes, offset: part.lowerBound, into: &tally)
        }
        guard !isEven else { return }
        tally.uneven += 1
        if tally.firstUneven == nil { tally.firstUneven = offset }
        if Self.bitsPerByte(block) > 7.9 { tally.noisy += 1 }
    }

    private func findSignatures(in bytes: UnsafeRawBufferPointer, offset: UInt64, into tally: inout SurfaceTally) {
        for start in stride(from: 0, to: bytes.count - 511, by: 512) where tally.hits.count < Self.hitsKept {
            let sector = UnsafeRawBufferPointer(rebasing: bytes[start..<start + 512])
            if let signature = RawSignature.find(in: sector) {
                tally.hits.append(SurfaceTally.Hit(signature: signature, offset: offset + UInt64(start)))
            }
        }
    }

    /// The parts of a range that are no partition table.
    private func notExcused(_ range: Range<UInt64>) -> [Range<UInt64>] {
        excused.reduce([range]) { parts, hole in
            parts.flatMap { part -> [Range<UInt64>] in
                guard part.overlaps(hole) else { return [part] }
                let head = part.lowerBound..<max(part.lowerBound, hole.lowerBound)
                let tail = min(part.upperBound, hole.upperBound)..<part.upperBound
                return [head, tail].filter { !$0.isEmpty }
            }
        }
    }

    private mutating func note(_ value: UInt8, at offset: UInt64, in tally: inout SurfaceTally) {
        let isErased = value == 0x00 || value == 0xFF
        if constant == nil && isErased { constant = value }
        if constant != value, tally.foreignFill == nil { tally.foreignFill = offset }
    }

    /// The byte that all bytes are; nil when they differ.
    private static func constant(_ bytes: UnsafeRawBufferPointer) -> UInt8? {
        guard let base = bytes.baseAddress, let first = bytes.first else { return nil }
        // Every byte equals the one before it. The libc compares 32 bytes at a time.
        return memcmp(base, base + 1, bytes.count - 1) == 0 ? first : nil
    }

    /// The entropy of single bytes, 0 to 8.
    private static func bitsPerByte(_ bytes: UnsafeRawBufferPointer) -> Double {
        var counts = [Int](repeating: 0, count: 256)
        for byte in bytes { counts[Int(byte)] += 1 }
        let total = Double(bytes.count)
        return counts.reduce(0) { sum, count in
            count == 0 ? sum : sum - Double(count) / total * log2(Double(count) / total)
        }
    }
}
