/// The volumes in a container of Apple's file system, read without mounting it.
///
/// Only superblocks are read: their names and times let a person see whose it is. Layout: "Apple File System Reference"
/// (Apple, 2020-06-22); all words are little-endian, and each object lies in one block:
///
///     object      0  u64  checksum            node of a tree  32  u16  flags: 1 root, 2 leaf, 4 fixed sizes
///                16  u64  transaction                         36  u32  how many keys
///     container  32  "NXSB"                                   40  u16, u16  table of contents: offset, length
///                36  u32  bytes in a block                    56  content
///               104  u32  blocks of checkpoints  object map   48  u64  block of its tree's root
///               112  u64  the first of them      volume       32  "APSB"
///               160  u64  block of the object map            256  u64  last change, in nanoseconds since 1970
///               180  u32  volumes at most                    704  name, 256 bytes, ends with a NUL
///               184  u64  each volume's identifier
///
/// Folders too, where the volume is not encrypted: see ``APFSContainer/names(in:of:)``.
package struct APFSContainer {
    /// Bytes at a place of the container; nil where they cannot be read.
    package typealias Source = (_ offset: UInt64, _ count: Int) -> [UInt8]?

    package struct Volume: Hashable, Sendable {
        package var name: String
        /// In seconds since 1970.
        package var changed: Int?
        /// Where its files are listed nobody can read without its key.
        package var isEncrypted: Bool
        /// Of its own object map, in blocks.
        var map: UInt64
        /// The object that is the root of the tree of its files.
        var files: UInt64
        /// Names in the tree have a hash beside their length.
        var isHashed: Bool
    }

    private let source: Source
    let blockSize: Int
    /// The latest that was written in full.
    let superblock: [UInt8]

    /// More checkpoints than a container of any size has.
    private static let mostCheckpoints: UInt64 = 1 << 14
    /// `NX_MAX_FILE_SYSTEMS`.
    private static let mostVolumes: UInt64 = 100

    /// - Throws: ``APFSFault`` where there is no superblock to believe.
    package init(_ source: @escaping Source) throws(APFSFault) {
        guard let head = source(0, 4096) else { throw APFSFault("reading the first block") }
        let size = little(head, 36, 4)
        guard Self.isMarked(head, "NXSB"), (4096...65_536).contains(size), size.nonzeroBitCount == 1 else {
            throw APFSFault("understanding the first block")
        }
        let (count, first) = (little(head, 104, 4), little(head, 112, 8))
        // The high bit says that they lie in pieces, told by a tree: then block 0 has to do, a copy made at the last unmount.
        let checkpoints = count < Self.mostCheckpoints && first < 1 << 48 ? first..<first + count : 0..<0
        var best: [UInt8]?
        for block in [0] + checkpoints {
            guard let bytes = source(block * size, Int(size)), Self.isMarked(bytes, "NXSB"), isWhole(bytes) else {
                continue
            }
            if best.map({ little(bytes, 16, 8) > little($0, 16, 8) }) ?? true { best = bytes }
        }
        guard let best else { throw APFSFault("finding a superblock with a right checksum") }
        (self.source, blockSize, superblock) = (source, Int(size), best)
    }

    /// - Throws: ``APFSFault`` where one of them cannot be read.
    package func volumes() throws(APFSFault) -> [Volume] {
        let map = try object(little(superblock, 160, 8), "the object map")
        var volumes: [Volume] = []
        for index in 0..<min(little(superblock, 180, 4), Self.mostVolumes) {
            let number = little(superblock, 184 + Int(index) * 8, 8)
            guard number != 0 else { continue }
            let bytes = try object(try place(of: number, below: little(map, 48, 8)), "a volume's superblock")
            guard Self.isMarked(bytes, "APSB") else { throw APFSFault("understanding a volume's superblock") }
            let (changed, name) = (little(bytes, 256, 8) / 1_000_000_000, bytes[704..<960].prefix { $0 != 0 })
            volumes.append(
                Volume(
                    name: String(decoding: name, as: UTF8.self), changed: changed == 0 ? nil : Int(changed),
                    isEncrypted: little(bytes, 264, 8) & 1 == 0, map: little(bytes, 128, 8),
                    files: little(bytes, 136, 8), isHashed: little(bytes, 56, 8) & 0b1001 != 0))
        }
        return volumes
    }

    /// Looks the block of an object up, as it was at the superblock's transaction.
    func place(of number: UInt64, below root: UInt64) throws(APFSFault) -> UInt64 {
        let transaction = little(superblock, 16, 8)
        var block = root
        // A tree this deep has more leaves than there are blocks.
        for _ in 0..<8 {
            let node = try object(block, "a node of the object map")
            let flags = little(node, 32, 2), table = 56 + Int(little(node, 40, 2))
            guard flags & 4 != 0 else { break }
            let keys = table + Int(little(node, 42, 2)), valuesEnd = blockSize - (flags & 1 != 0 ? 40 : 0)
            var chosen: (number: UInt64, value: Int)?
            for entry in 0..<min(Int(little(node, 36, 4)), blockSize / 4) {
                let key = keys + Int(little(node, table + entry * 4, 2))
                let (found, time) = (little(node, key, 8), little(node, key + 8, 8))
                guard (found, time) <= (number, transaction) else { break }
                chosen = (found, valuesEnd - Int(little(node, table + entry * 4 + 2, 2)))
            }
            guard let chosen, chosen.value >= 56 else { break }
            if flags & 2 != 0 {
                guard chosen.number == number else { break }
                return little(node, chosen.value + 8, 8)
            }
            block = little(node, chosen.value, 8)
        }
        throw APFSFault("finding a volume in the object map")
    }

    func object(_ block: UInt64, _ name: String) throws(APFSFault) -> [UInt8] {
        guard block != 0, block < 1 << 48, let bytes = source(block * UInt64(blockSize), blockSize) else {
            throw APFSFault("reading \(name)")
        }
        guard isWhole(bytes) else { throw APFSFault("believing \(name): its checksum is wrong") }
        return bytes
    }

    private static func isMarked(_ bytes: [UInt8], _ mark: String) -> Bool {
        bytes[32..<36].elementsEqual(mark.utf8)
    }
}

/// A container could not be read; nothing is proved about it.
package struct APFSFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, for a person.
    package var act: String

    init(_ act: String) { self.act = act }

    package var description: String { "\(act) failed" }
}

/// Whether an object is as it was written.
private func isWhole(_ bytes: [UInt8]) -> Bool { apfsChecksum(bytes) == little(bytes, 0, 8) }

/// Fletcher's checksum over all words of 32 bits behind the first eight bytes, which hold it.
package func apfsChecksum(_ bytes: [UInt8]) -> UInt64 {
    let most: UInt64 = 0xFFFF_FFFF
    var (low, high): (UInt64, UInt64) = (0, 0)
    bytes.withUnsafeBytes { bytes in
        for place in stride(from: 8, to: bytes.count - 3, by: 4) {
            low =
                (low + UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)))) % most
            high = (high + low) % most
        }
    }
    let first = most - (low + high) % most
    return (most - (low + first) % most) << 32 | first
}

/// A whole number; zero behind the end, so that no foreign length traps.
func little(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    guard offset >= 0, offset + count <= bytes.count else { return 0 }
    return (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * $1) }
}
