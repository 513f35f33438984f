/// The base block of a hive, or of a log of one.
///
/// All words are little-endian:
///
///       0  "regf"
///       4  u32  primary sequence number
///       8  u32  secondary sequence number
///      12  u64  last written, FILETIME
///      28  u32  0 a hive, 1 and 2 an old log, 6 a new log
///      36  u32  offset of the root's cell
///      40  u32  size of the bins, in bytes
///      48       file name, UTF-16, 64 bytes
///     508  u32  checksum
///
/// Source: msuhanov/regf, "Windows registry file format specification".
package struct HiveHeader: Hashable, Sendable {
    package var primary: UInt32
    package var secondary: UInt32
    package var lastWritten: UInt64
    package var kind: UInt32
    /// In bytes, without the 4096 of the base block.
    package var binsSize: Int
    package var fileName: String
    package var hasRightChecksum: Bool

    /// In bytes.
    static let length = 512
    /// Where the bins begin, in bytes.
    static let binsOffset = 4096

    /// Reads it from the head of a file; nil where that is none.
    package init?(_ file: [UInt8]) {
        guard file.count >= Self.length, file.starts(with: Array("regf".utf8)) else { return nil }
        primary = word(file, 4)
        secondary = word(file, 8)
        lastWritten = UInt64(word(file, 12)) | UInt64(word(file, 16)) << 32
        kind = word(file, 28)
        binsSize = Int(word(file, 40))
        fileName = utf16(file[48..<112])
        hasRightChecksum = Self.checksum(file) == word(file, 508)
    }

    /// A write that began also ended.
    package var isClean: Bool { hasRightChecksum && primary == secondary }

    /// The exclusive or of the first 127 words, which is never 0 and never all ones.
    static func checksum(_ file: [UInt8]) -> UInt32 {
        let sum = stride(from: 0, to: 508, by: 4).reduce(0) { $0 ^ word(file, $1) }
        return sum == .max ? .max - 1 : sum == 0 ? 1 : sum
    }
}
