/// The folders of a FAT12, FAT16 or FAT32 volume, read without mounting it.
///
/// Only names are read, which is what an EFI system partition has to tell. The layout is that of Microsoft's "FAT: General
/// Overview of On-Disk Format" (1.03), which the UEFI specification rests on; all words are little-endian:
///
///      11  u16  bytes in a sector           22  u16  sectors of a FAT, or 0
///      13  u8   sectors in a cluster        32  u32  sectors in all, where 19 is 0
///      14  u16  sectors before the FATs     36  u32  sectors of a FAT, where 22 is 0
///      16  u8   how many FATs               44  u32  first cluster of the root, FAT32
///      17  u16  entries of the root, 0 in FAT32
///      19  u16  sectors in all, or 0
package struct FATVolume {
    /// Bytes at a place of the volume; nil where they cannot be read.
    package typealias Source = (_ offset: UInt64, _ count: Int) -> [UInt8]?

    package struct Entry: Hashable, Sendable {
        package var name: String
        package var isFolder: Bool
        /// Of its content; 0 where there is none.
        var cluster: UInt32
    }

    private enum Width { case twelve, sixteen, thirtyTwo }

    private let source: Source
    private let width: Width
    /// In bytes.
    private let clusterSize: Int
    private let fat: UInt64
    private let rootPlace: UInt64
    private let rootSize: Int
    private let rootCluster: UInt32
    private let data: UInt64
    private let clusters: UInt32

    /// In bytes; a folder that is longer is a damaged one (the specification's limit is 65,536 entries of 32 bytes).
    private static let longestFolder = 65_536 * 32

    /// - Throws: ``FATFault`` where the first sector is not that of such a volume.
    package init(_ source: @escaping Source) throws(FATFault) {
        guard let boot = source(0, 512) else { throw FATFault("reading the first sector") }
        let (sector, perCluster) = (little(boot, 11, 2), little(boot, 13, 1))
        let (reserved, fats, entries) = (little(boot, 14, 2), little(boot, 16, 1), little(boot, 17, 2))
        let total = little(boot, 19, 2) != 0 ? little(boot, 19, 2) : little(boot, 32, 4)
        let fatSize = little(boot, 22, 2) != 0 ? little(boot, 22, 2) : little(boot, 36, 4)
        guard [512, 1024, 2048, 4096].contains(sector), perCluster > 0, perCluster.nonzeroBitCount == 1, reserved > 0,
            (1...4).contains(fats), fatSize > 0
        else { throw FATFault("understanding the first sector") }
        let rootSectors = (entries * 32 + sector - 1) / sector
        let before = reserved + fats * fatSize + rootSectors
        guard before < total else { throw FATFault("understanding the first sector") }
        let count = (total - before) / perCluster
        width = count < 4085 ? .twelve : count < 65_525 ? .sixteen : .thirtyTwo
        // The FAT is shorter than the clusters need: somebody wrote nonsense.
        let bits: UInt64 = width == .twelve ? 12 : width == .sixteen ? 16 : 32
        guard fatSize * sector * 8 >= (count + 2) * bits, (width == .thirtyTwo) == (entries == 0) else {
            throw FATFault("understanding the first sector")
        }
        self.source = source
        clusterSize = Int(sector * perCluster)
        fat = reserved * sector
        rootPlace = (reserved + fats * fatSize) * sector
        rootSize = Int(entries * 32)
        rootCluster = width == .thirtyTwo ? UInt32(little(boot, 44, 4)) & 0x0FFF_FFFF : 0
        data = before * sector
        clusters = UInt32(count)
    }

    /// What is in the folder at the path, names as they are shown, whatever the case of the path's.
    ///
    /// - Returns: Nil where there is no such folder.
    /// - Throws: ``FATFault`` where that cannot be told.
    package func entries(_ path: [String]) throws(FATFault) -> [Entry]? {
        var list = try entries(in: width == .thirtyTwo ? try chain(rootCluster) : try fixedRoot())
        for name in path {
            let wanted = name.lowercased()
            guard let next = list.first(where: { $0.isFolder && $0.name.lowercased() == wanted }) else { return nil }
            list = try entries(in: try chain(next.cluster))
        }
        return list
    }

    private func fixedRoot() throws(FATFault) -> [UInt8] {
        guard let bytes = source(rootPlace, rootSize) else { throw FATFault("reading the root folder") }
        return bytes
    }

    /// The content of a folder, cluster by cluster.
    private func chain(_ first: UInt32) throws(FATFault) -> [UInt8] {
        var (bytes, cluster): ([UInt8], UInt32) = ([], first)
        while true {
            guard cluster >= 2, cluster - 2 < clusters else { throw FATFault("following a folder") }
            // A chain that bites its own tail is as long as one likes.
            guard bytes.count < Self.longestFolder else { throw FATFault("following a folder to its end") }
            guard let part = source(data + UInt64(cluster - 2) * UInt64(clusterSize), clusterSize) else {
                throw FATFault("reading a folder")
            }
            bytes += part
            guard let next = try next(after: cluster) else { return bytes }
            cluster = next
        }
    }

    /// Nil behind the last cluster.
    private func next(after cluster: UInt32) throws(FATFault) -> UInt32? {
        let number = UInt64(cluster)
        let place = fat + (width == .twelve ? number * 3 / 2 : width == .sixteen ? number * 2 : number * 4)
        guard let bytes = source(place, width == .thirtyTwo ? 4 : 2) else { throw FATFault("reading the FAT") }
        let word = UInt32(little(bytes, 0, bytes.count))
        switch width {
        case .twelve:
            let value = number & 1 == 1 ? word >> 4 : word & 0xFFF
            return value >= 0xFF8 ? nil : value
        case .sixteen: return word >= 0xFFF8 ? nil : word
        case .thirtyTwo: return word & 0x0FFF_FFFF >= 0x0FFF_FFF8 ? nil : word & 0x0FFF_FFFF
        }
    }

    /// 32 bytes each: a short name, behind the parts of its long one.
    private func entries(in bytes: [UInt8]) throws(FATFault) -> [Entry] {
        var (entries, long): ([Entry], [UInt16]) = ([], [])
        for start in stride(from: 0, to: bytes.count - 31, by: 32) {
            let entry = bytes[start..<start + 32]
            let (first, kind) = (bytes[start], bytes[start + 11])
            if first == 0 { break }
            if first == 0xE5 {
                long = []
            } else if kind & 0x3F == 0x0F {
                // The last part stands first, and is marked.
                if first & 0x40 != 0 { long = [] }
                long = Self.units(entry) + long
            } else {
                let name = long.isEmpty ? Self.shortName(entry) : String(decoding: long, as: UTF16.self)
                long = []
                // 8 is the volume's label; a folder's first two are itself and the one above.
                guard kind & 8 == 0, name != ".", name != ".." else { continue }
                let cluster = little(entry, 26, 2) | (width == .thirtyTwo ? little(entry, 20, 2) << 16 : 0)
                entries.append(Entry(name: name, isFolder: kind & 0x10 != 0, cluster: UInt32(cluster)))
            }
        }
        return entries
    }

    private static func units(_ entry: ArraySlice<UInt8>) -> [UInt16] {
        let places = Array(stride(from: 1, to: 11, by: 2)) + Array(stride(from: 14, to: 26, by: 2)) + [28, 30]
        return Array(places.map { UInt16(little(entry, $0, 2)) }.prefix { $0 != 0 && $0 != 0xFFFF })
    }

    private static func shortName(_ entry: ArraySlice<UInt8>) -> String {
        func text(_ part: ArraySlice<UInt8>) -> String {
            String(decoding: part, as: UTF8.self).split(separator: " ").joined(separator: " ")
        }
        // Windows NT's two flags: the name, and its suffix, are to be shown in small letters.
        let flags = entry[entry.startIndex + 12]
        func shown(_ text: String, _ flag: UInt8) -> String { flags & flag != 0 ? text.lowercased() : text }
        let name = shown(text(entry.prefix(8)), 8), suffix = shown(text(entry.dropFirst(8).prefix(3)), 16)
        return suffix.isEmpty ? name : "\(name).\(suffix)"
    }
}

/// A FAT volume could not be read; nothing is proved about it.
package struct FATFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, for a person.
    package var act: String

    init(_ act: String) { self.act = act }

    package var description: String { "\(act) failed" }
}

/// A whole number; zero behind the end, so that no foreign length traps.
private func little(_ bytes: some RandomAccessCollection<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
    guard offset + count <= bytes.count else { return 0 }
    let first = bytes.index(bytes.startIndex, offsetBy: offset)
    return bytes[first...].prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
}
