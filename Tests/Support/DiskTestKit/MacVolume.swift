package import AgentTestKit
import Foundation
import Testing

/// APFS volumes with folders: mkapfs makes them without any, so that these are laid into the tree by Apple's reference.
///
/// The tests have sleuthkit read them too.
package enum MacVolume {
    static let block = 4096

    /// An image whose volume has these folders and files, each path's folders before it.
    ///
    /// - Parameters:
    ///   - paths: Without a slash in front.
    ///   - folder: Where the image is made.
    ///   - label: The volume's name.
    ///   - leaves: In how many nodes the files are listed; more than one lie below the root of their tree.
    /// - Returns: The image's path.
    /// - Throws: `Trouble`.
    package static func make(
        _ paths: [String], in folder: TemporaryFolder, label: String = "Macintosh HD", leaves: Int = 1
    ) async throws -> String {
        let program = "cd \(folder.path); truncate -s 128M volume; mkapfs -L '\(label)' volume"
        let ending = try await RunningProgram("/bin/sh", ["-ec", program]).ending()
        try #require(ending.status == 0, "\(ending.complaints)")
        let file = "\(folder.path)/volume"
        var bytes = Array(try Data(contentsOf: URL(filePath: file)))
        let places = stride(from: 0, to: bytes.count, by: block)
        // The tree of files is a root node (type 2, of kind 14) that is a leaf.
        let isRoot = { (place: Int) in bytes[place + 24] == 2 && bytes[place + 28] == 14 && bytes[place + 32] & 3 == 3 }
        let root = try #require(places.first(where: isRoot))
        let node = Array(bytes[root..<root + block])
        let all = try adding(paths, to: records(of: node))
        func put(_ node: [UInt8], _ place: Int) { bytes.replaceSubrange(place..<place + block, with: node) }
        guard leaves > 1 else {
            put(try made(node, all, flags: 3), root)
            try Data(bytes).write(to: URL(filePath: file))
            return file
        }
        // The volume's own object map leads from a node's number to its block.
        let isVolume = { (place: Int) in bytes[place + 32..<place + 36].elementsEqual("APSB".utf8) }
        let volume = try #require(places.first(where: isVolume))
        let map = number(bytes, number(bytes, volume + 128, 8) * block + 48, 8) * block
        let mapNode = Array(bytes[map..<map + block])
        var (mapped, below): ([Record], [Record]) = (records(of: mapNode), [])
        let share = (all.count + leaves - 1) / leaves
        for index in 0..<leaves {
            let part = Array(all[index * share..<min((index + 1) * share, all.count)])
            let (object, target) = (UInt64(0x5000 + index), bytes.count / block - 16 + index)
            try #require(bytes[target * block..<(target + 1) * block].allSatisfy { $0 == 0 }, "that block is in use")
            var leaf = node
            // Not a root any more: its own number, and the type of a node.
            leaf.replaceSubrange(8..<16, with: little(object, 8))
            leaf[24] = 3
            put(try made(leaf, part, flags: 2), target * block)
            mapped.append(
                Record(
                    key: little(object, 8) + mapped[0].key[8..<16],
                    value: little(0, 4) + little(UInt64(block), 4) + little(UInt64(target), 8)))
            below.append(Record(key: part[0].key, value: little(object, 8)))
        }
        put(try made(mapNode, mapped, flags: 7), map)
        put(try made(node, below, flags: 1, level: 1), root)
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }

    private struct Record {
        var key: [UInt8]
        var value: [UInt8]
    }

    private static func number(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
    }

    private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }

    /// What stands in a node; flag 4 says that keys and values have 16 bytes each, as in a map of objects.
    private static func records(of node: [UInt8]) -> [Record] {
        let isFixed = node[32] & 4 != 0, width = isFixed ? 4 : 8
        let table = 56 + number(node, 40, 2), keys = table + number(node, 42, 2), end = block - 40
        return (0..<number(node, 36, 4)).map { index in
            let entry = table + width * index
            let key = keys + number(node, entry, 2), value = end - number(node, entry + width / 2, 2)
            let lengths = isFixed ? (16, 16) : (number(node, entry + 2, 2), number(node, entry + 6, 2))
            return Record(key: Array(node[key..<key + lengths.0]), value: Array(node[value..<value + lengths.1]))
        }
    }

    /// With a name in its folder and an inode for each path, in their order.
    private static func adding(_ paths: [String], to old: [Record]) throws -> [Record] {
        var records = old
        var objects: [String: UInt64] = ["": 2]
        for (index, path) in paths.enumerated() {
            let parts = path.split(separator: "/").map(String.init), own = UInt64(100 + index)
            let parent = try #require(objects[parts.dropLast().joined(separator: "/")])
            objects[path] = own
            let name = Array(parts[parts.count - 1].utf8) + [0]
            let isFolder = paths.contains { $0.hasPrefix(path + "/") }
            let length = UInt64(name.count) | UInt64(hash(name.dropLast())) << 10
            records.append(
                Record(
                    key: little(parent | 9 << 60, 8) + little(length, 4) + name,
                    value: little(own, 8) + little(0, 8) + little(isFolder ? 4 : 8, 2)
                ))
            // Parent, own number, four times, flags, links, class, generation, BSD flags, owner, group, mode, padding.
            records.append(
                Record(
                    key: little(own | 3 << 60, 8),
                    value: little(parent, 8) + little(own, 8) + little(0, 40) + little(1, 4) + little(0, 20)
                        + little(isFolder ? 0o040755 : 0o100644, 2) + little(0, 10)
                ))
        }
        func order(_ key: [UInt8]) -> (Int, Int, Int) {
            let word = UInt64(number(key, 0, 7)) | UInt64(key[7]) << 56
            return (Int(word & 0x0FFF_FFFF_FFFF_FFFF), Int(word >> 60), key.count > 11 ? number(key, 8, 4) : 0)
        }
        return records.sorted { order($0.key) < order($1.key) }
    }

    /// A node with these records, and a checksum that fits; flag 1 is a root's, 2 a leaf's.
    private static func made(
        _ node: [UInt8], _ records: [Record], flags: UInt8, level: UInt8 = 0
    ) throws -> [UInt8] {
        let isRoot = flags & 1 != 0, width = flags & 4 != 0 ? 4 : 8, end = block - (isRoot ? 40 : 0)
        var bytes = Array(node[..<56]) + [UInt8](repeating: 0, count: block - 56)
        if isRoot { bytes.replaceSubrange(end..., with: node[end...]) }
        bytes.replaceSubrange(32..<36, with: [flags, 0, level, 0])
        var (key, value) = (0, 0)
        let room = records.count * width
        for (index, record) in records.enumerated() {
            value += record.value.count
            let entry = width == 4 ? [key, value] : [key, record.key.count, value, record.value.count]
            for (place, number) in entry.enumerated() {
                let at = 56 + width * index + 2 * place
                bytes.replaceSubrange(at..<at + 2, with: little(UInt64(number), 2))
            }
            bytes.replaceSubrange(56 + room + key..<56 + room + key + record.key.count, with: record.key)
            bytes.replaceSubrange(end - value..<end - value + record.value.count, with: record.value)
            key += record.key.count
        }
        try #require(56 + room + key <= end - value, "the node has no room for that")
        let free = UInt64(end - 56 - room - key - value)
        let head = little(UInt64(records.count), 4) + [0, 0] + little(UInt64(room), 2) + little(UInt64(key), 2)
        bytes.replaceSubrange(36..<48, with: head + little(free, 2))
        if isRoot { bytes.replaceSubrange(block - 16..<block - 8, with: little(UInt64(records.count), 8)) }
        return little(checksum(bytes), 8) + bytes[8...]
    }

    /// CRC-32C over the name's characters as 32 bits each, of which the lower 22 count.
    private static func hash(_ name: some Sequence<UInt8>) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in name.flatMap({ (byte: UInt8) -> [UInt8] in [byte, 0, 0, 0] }) {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0x82F6_3B78 ^ (crc >> 1) : crc >> 1 }
        }
        return crc & 0x3F_FFFF
    }

    /// Fletcher's over all words of 32 bits behind the first two, written here again beside the reader's.
    private static func checksum(_ bytes: [UInt8]) -> UInt64 {
        let most: UInt64 = 0xFFFF_FFFF
        var (low, high): (UInt64, UInt64) = (0, 0)
        for place in stride(from: 8, to: bytes.count, by: 4) {
            low = (low + UInt64(number(bytes, place, 4))) % most
            high = (high + low) % most
        }
        let first = most - (low + high) % most
        return (most - (low + first) % most) << 32 | first
    }

    /// As the first start's assistant and one person leave it.
    package static let setUp = [
        "Users", "Users/Shared", "Users/alice", "private", "private/var", "private/var/db",
        "private/var/db/.AppleSetupDone",
        "private/var/db/dslocal",
    ]
}
