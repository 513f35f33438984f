/// A part of a disk that a table names.
package struct Partition: Hashable, Codable, Sendable {
    /// From 1, in the order of the table.
    package var number: Int
    /// A GUID in capitals, or the two digits of an MBR type.
    package var type: String
    package var name: String
    /// The partition's own GUID in capitals, where the table is a GPT.
    package var uniqueID: String?
    /// In bytes from the start of the disk.
    package var extent: Range<UInt64>
}

/// A partition table as it stands on a disk, read without help from the kernel.
package struct PartitionTable: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable {
        case gpt = "GPT"
        case mbr = "MBR"
    }
    package var scheme: Scheme
    /// True when only the copy at the end of the disk was found.
    package var isBackup = false
    package var partitions: [Partition]
    /// The bytes that are the table itself, and so are no content.
    package var ownBytes: [Range<UInt64>]
}

/// What was found where partition tables stand.
package struct TableFindings: Hashable, Sendable {
    package var tables: [PartitionTable] = []
    /// Headers that name themselves and do not hold together, by their place in bytes.
    package var damaged: [UInt64: String] = [:]
    package var hasBootCode = false

    package var partitions: [Partition] {
        var seen: Set<Range<UInt64>> = []
        return tables.flatMap(\.partitions).filter { seen.insert($0.extent).inserted }
    }
    package var ownBytes: [Range<UInt64>] { tables.flatMap(\.ownBytes) }
}
