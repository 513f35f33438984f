/// Which bytes of a disk are read to prove that it is blank.
package struct ScanPlan: Hashable, Sendable {
    /// In bytes, at each end.
    package var edge: UInt64 = 64 << 20
    /// In bytes, from one point of the grid to the next.
    package var gridStep: UInt64 = 1 << 20
    /// How many places are read at random, one in each of as many strata.
    package var sampleCount = 20_000
    /// In bytes; what one point of the grid, one sample and one decision cover.
    package static let block: UInt64 = 4096

    package init() {}

    package func edges(_ size: UInt64) -> [Range<UInt64>] {
        size <= 2 * edge ? [0..<size] : [0..<edge, size - edge..<size]
    }

    package func grid(_ size: UInt64) -> some Sequence<Range<UInt64>> {
        stride(from: 0, to: size, by: Int(gridStep)).lazy.map { $0..<min($0 + Self.block, size) }
    }

    /// One block in each stratum; all blocks where there are no more than samples.
    package func samples(_ size: UInt64, using generator: inout some RandomNumberGenerator) -> [Range<UInt64>] {
        let blocks = (size + Self.block - 1) / Self.block
        let count = min(UInt64(sampleCount), blocks)
        return (0..<count).map { stratum in
            // Without a product that could overflow: each stratum has `blocks / count` blocks, the first ones one more.
            let (whole, rest) = blocks.quotientAndRemainder(dividingBy: count)
            let start = stratum * whole + min(stratum, rest)
            let block = UInt64.random(in: start..<start + whole + (stratum < rest ? 1 : 0), using: &generator)
            return block * Self.block..<min((block + 1) * Self.block, size)
        }
    }

    package func surface(_ size: UInt64) -> [Range<UInt64>] { [0..<size] }

    /// Where volumes in these extents would keep the copies of their headers, each rounded to whole blocks.
    ///
    /// Sources: section 1.7 of the reference on prior installations; for the swap area's and LUKS2's places util-linux's
    /// libblkid.
    package func secondHeaders(_ size: UInt64, in extents: [Range<UInt64>]) -> [Range<UInt64>] {
        var places: Set<UInt64> = []
        for extent in extents {
            let length = extent.upperBound - extent.lowerBound
            guard length > 0 else { continue }
            for distance in Self.distances(length) where distance < length {
                let block = (extent.lowerBound + distance) / Self.block
                places.formUnion([block, block + 1])
            }
            // NTFS keeps its copy in the last sector; MD, ZFS, HFS+ and RAID firmware write into the last 1 MiB.
            let last = (extent.upperBound - 1) / Self.block
            places.formUnion((last >= 256 ? last - 256 : 0)...last)
            let first = extent.lowerBound / Self.block
            places.formUnion(first...min(first + 16, last))
        }
        return places.sorted().prefix { $0 * Self.block < size }
            .map { $0 * Self.block..<min(($0 + 1) * Self.block, size) }
    }

    /// In bytes from the start of a volume of that length.
    private static func distances(_ length: UInt64) -> [UInt64] {
        // ext: groups 1 and the powers of 3, 5 and 7, of 8 blocks for each byte in a block.
        let groups: [UInt64] = [1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343]
        let ext = [1024, 2048, 4096].flatMap { (block: UInt64) in groups.map { $0 * block * block * 8 } }
        // XFS: 4 allocation groups, rounded either way to blocks of 4 KiB.
        let group = length / 4096 / 4
        let xfs = [1, 2, 3].flatMap { index in [group * index * 4096, (group + 1) * index * 4096] }
        let luks = (14...22).map { UInt64(1) << $0 }
        // BTRFS at 64 MiB and 256 GiB; the usual place of the NTFS file table; the middle, where old NTFS kept its copy.
        return ext + xfs + luks + [64 << 20, 256 << 30, 3 << 30, length / 2]
    }
}

/// How likely it is that samples overlook content that fills a part of a disk.
///
/// - Parameters:
///   - share: Of the disk that is in use, 0 to 1.
///   - samples: How many places are read.
/// - Returns: (1 - share) to the power of the number of samples; strata only make it less.
package func chanceOfOverlooking(share: Double, samples: Int) -> Double {
    var (chance, factor, rest) = (1.0, 1 - share, samples)
    while rest > 0 {
        if rest & 1 == 1 { chance *= factor }
        factor *= factor
        rest >>= 1
    }
    return chance
}
