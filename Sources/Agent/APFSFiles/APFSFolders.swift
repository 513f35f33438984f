/// The names in a volume's folders, from the tree of its files.
///
/// Layout beside that of ``APFSContainer``, by the same source:
///
///     volume  56  u64  features that matter: 1 and 8 hash names     node of the tree  34  u16  level, 0 for leaves
///            128  u64  block of its object map                      entries of its table of contents, 8 bytes:
///            136  u64  object at the root of the tree                 0  u16, u16  key: offset from the keys' start, length
///            264  u64  flags: 1 not encrypted                         4  u16, u16  value: offset back from the values' end, length
///     key      0  u64  object below bit 60, kind from there: 9 for a name in a folder
///              8  u16, name of that length; or hashed u32, of which ten bits are the length; it ends with a NUL
///     value    0  u64  the object that has the name; in a node above the leaves the object that is the node below
extension APFSContainer {
    /// More nodes than are read for one folder, of up to a hundred names each.
    private static let mostNodes = 4096

    /// What is in the folder at the path.
    ///
    /// - Returns: nil where there is no such folder.
    /// - Throws: ``APFSFault`` where that cannot be told.
    package func names(in path: [String], of volume: Volume) throws(APFSFault) -> [String]? {
        guard !volume.isEncrypted else { throw APFSFault("reading an encrypted volume's folders") }
        let map = little(try object(volume.map, "a volume's object map"), 48, 8)
        // The root's identifier is fixed.
        var entries = try entries(of: 2, volume, map)
        for name in path {
            guard let next = entries.first(where: { $0.name.lowercased() == name.lowercased() }) else { return nil }
            entries = try self.entries(of: next.object, volume, map)
        }
        return entries.map(\.name)
    }

    private func entries(
        of folder: UInt64, _ volume: Volume, _ map: UInt64
    ) throws(APFSFault) -> [(name: String, object: UInt64)] {
        var (open, nodes, found): ([UInt64], Int, [(name: String, object: UInt64)]) = ([volume.files], 0, [])
        let wanted = (object: folder, kind: UInt64(9))
        while let number = open.popLast() {
            nodes += 1
            guard nodes <= Self.mostNodes else { throw APFSFault("reading a folder to its end") }
            let node = try object(try place(of: number, below: map), "a node of the files' tree")
            let isLeaf = little(node, 32, 2) & 2 != 0, entries = tableOfContents(node)
            for (index, entry) in entries.enumerated() {
                let key = head(node, entry.key)
                if isLeaf {
                    if key == wanted, let name = name(node, entry.key, volume.isHashed) {
                        found.append((name, little(node, entry.value, 8)))
                    }
                } else if key <= wanted, index + 1 == entries.count || head(node, entries[index + 1].key) >= wanted {
                    open.append(little(node, entry.value, 8))
                }
            }
        }
        return found
    }

    private func tableOfContents(_ node: [UInt8]) -> [(key: Int, value: Int)] {
        let flags = little(node, 32, 2), table = 56 + Int(little(node, 40, 2))
        let keys = table + Int(little(node, 42, 2)), valuesEnd = blockSize - (flags & 1 != 0 ? 40 : 0)
        return (0..<min(Int(little(node, 36, 4)), blockSize / 8)).map { index in
            let entry = table + 8 * index
            return (keys + Int(little(node, entry, 2)), valuesEnd - Int(little(node, entry + 4, 2)))
        }
    }

    private func head(_ node: [UInt8], _ key: Int) -> (object: UInt64, kind: UInt64) {
        let word = little(node, key, 8)
        return (word & 0x0FFF_FFFF_FFFF_FFFF, word >> 60)
    }

    private func name(_ node: [UInt8], _ key: Int, _ isHashed: Bool) -> String? {
        let length = Int(isHashed ? little(node, key + 8, 4) & 0x3FF : little(node, key + 8, 2))
        let start = key + (isHashed ? 12 : 10)
        guard length > 1, start + length <= node.count else { return nil }
        return String(decoding: node[start..<start + length - 1], as: UTF8.self)
    }
}
