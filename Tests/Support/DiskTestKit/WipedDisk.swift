package import DiskInspection

/// A disk that was in use and was wiped, but for what is left of it here.
///
/// It is the named oracle of the property that no used disk is called blank: it knows what is left because it put it there,
/// and shares no code with what is tested.
package struct WipedDisk: Sendable {
    /// In bytes: no multiple of 1 MiB nor of 4 KiB, so that the last block is a part of one.
    package static let size: UInt64 = 200 << 20 | 5 * 4096 + 512
    /// In bytes, of what one decision covers.
    package static let block: UInt64 = 4096
    private static let grid: UInt64 = 1 << 20

    /// Smaller edges than the product's, so that grid and samples have something to do on a small disk.
    package static let plan: ScanPlan = {
        var plan = ScanPlan()
        plan.edge = 4 << 20
        return plan
    }()

    package enum Kind: String, CaseIterable, Sendable {
        case scattered = "0.1 % of the surface, scattered"
        case inOnePiece = "0.1 % of the surface, in one piece"
        case otherConstant = "0.1 % of the surface, another constant"
        case onGrid = "a byte on the grid"
        case atEdge = "a byte at an edge"
        case inBackup = "a byte in a backup header"
        case wipedInPlaces = "a used disk, wiped in places"
        /// Only every byte of a disk says that it is there.
        case anywhere = "a byte anywhere"
    }

    package var kind: Kind
    /// Whether every byte is to be read; else as `--quick` does.
    package var isReadInFull: Bool
    /// What the wiped parts are: 0x00 or 0xFF.
    package var fill: UInt8
    /// By their place in bytes.
    package var pieces: [UInt64: [UInt8]] = [:]

    /// The same disk for the same seed and the same used disks; the tools give theirs new identifiers each time.
    package init(seed: Int, of used: UsedDisks) {
        isReadInFull = seed % 11 == 0
        // Neither number of kinds has a factor in common with 11.
        let kinds = isReadInFull ? Kind.allCases : Kind.allCases.dropLast()
        kind = kinds[(isReadInFull ? seed / 11 : seed) % kinds.count]
        var generator = SeededGenerator(UInt64(seed))
        fill = Bool.random(using: &generator) ? 0x00 : 0xFF
        leave(used, &generator)
    }

    private mutating func leave(_ used: UsedDisks, _ generator: inout SeededGenerator) {
        // The last one is a part.
        let blocks = Self.size / Self.block + 1, thousandth = blocks / 1000 + 1
        switch kind {
        case .scattered:
            while pieces.count < Int(thousandth) {
                put(some(used, &generator), at: UInt64.random(in: 0..<blocks, using: &generator) * Self.block)
            }
        case .inOnePiece:
            let start = UInt64.random(in: 0...blocks - thousandth, using: &generator)
            for index in start..<start + thousandth { put(some(used, &generator), at: index * Self.block) }
        case .otherConstant:
            let value = foreignByte(&generator)
            let start = UInt64.random(in: 0...blocks - thousandth, using: &generator)
            for index in start..<start + thousandth {
                put([UInt8](repeating: value, count: Int(Self.block)), at: index * Self.block)
            }
        case .onGrid:
            let point = UInt64.random(in: 0...Self.size / Self.grid, using: &generator) * Self.grid
            put([foreignByte(&generator)], at: point + UInt64.random(in: 0..<Self.block, using: &generator))
        case .atEdge:
            let distance = UInt64.random(in: 0..<Self.plan.edge, using: &generator)
            let isFront = Bool.random(using: &generator)
            put([foreignByte(&generator)], at: isFront ? distance : Self.size - 1 - distance)
        case .inBackup:
            let backup = used.backups[Int.random(in: used.backups.indices, using: &generator)]
            put([foreignByte(&generator)], at: UInt64.random(in: backup, using: &generator))
        case .wipedInPlaces:
            let disk = used.disks[Int.random(in: used.disks.indices, using: &generator)]
            let kept = Double.random(in: 0.05...0.9, using: &generator)
            for (place, bytes) in disk.blocks where Double.random(in: 0..<1, using: &generator) < kept {
                put(bytes, at: place)
            }
        case .anywhere:
            put([foreignByte(&generator)], at: UInt64.random(in: 0..<Self.size, using: &generator))
        }
    }

    private func foreignByte(_ generator: inout SeededGenerator) -> UInt8 {
        fill ^ UInt8.random(in: 1...255, using: &generator)
    }

    /// A block of any of the disks that is not the fill: bitmaps have blocks of 0xFF.
    private func some(_ used: UsedDisks, _ generator: inout SeededGenerator) -> [UInt8] {
        while true {
            let disk = used.disks[Int.random(in: used.disks.indices, using: &generator)]
            let bytes = disk.blocks[Int.random(in: disk.blocks.indices, using: &generator)].bytes
            if bytes.contains(where: { $0 != fill }) { return bytes }
        }
    }

    private mutating func put(_ bytes: [UInt8], at place: UInt64) {
        guard place < Self.size else { return }
        pieces[place] = Array(bytes.prefix(Int(Self.size - place)))
    }

    // MARK: What the oracle says

    /// Whether a byte of the range differs from the fill.
    private func isLeft(in range: Range<UInt64>) -> Bool {
        pieces.contains { place, bytes in
            let start = max(range.lowerBound, place), end = min(range.upperBound, place + UInt64(bytes.count))
            return start < end && bytes[Int(start - place)..<Int(end - place)].contains { $0 != fill }
        }
    }

    /// The promise of ``isReadInFull`` or of `--quick` covers what is left: then it must not be called blank.
    package func isCovered(backups: [Range<UInt64>]) -> Bool {
        let left = pieces.filter { $0.value.contains { $0 != fill } }
        if isReadInFull { return !left.isEmpty }
        // No piece is longer than a block, and none but single bytes begins within one.
        let blocks = Set(left.keys.map { $0 / Self.block })
        if blocks.count * 1000 >= Int(Self.size / Self.block) { return true }
        let (size, edge) = (Self.size, Self.plan.edge)
        return isLeft(in: 0..<edge) || isLeft(in: size - edge..<size) || backups.contains { isLeft(in: $0) }
            || left.keys.contains { place in
                let point = place / Self.grid * Self.grid
                return isLeft(in: point..<point + Self.block)
            }
    }
}
