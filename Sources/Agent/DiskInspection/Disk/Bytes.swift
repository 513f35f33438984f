// Reading whole numbers out of what was read from a disk. Behind the end there are zeros, so that no foreign length traps.

func little(_ bytes: some RandomAccessCollection<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
    guard offset >= 0, offset + count <= bytes.count else { return 0 }
    let first = bytes.index(bytes.startIndex, offsetBy: offset)
    return bytes[first...].prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

func big(_ bytes: some RandomAccessCollection<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
    guard offset >= 0, offset + count <= bytes.count else { return 0 }
    let first = bytes.index(bytes.startIndex, offsetBy: offset)
    return bytes[first...].prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
}

/// CRC-32 as GPT uses it (UEFI 2.10, section 5.3.2): reflected, polynomial 0xEDB88320.
package func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes { crc = crcTable[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
    return ~crc
}

private let crcTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
}

/// The text form of a GUID, in capitals: its first three fields are little-endian.
func guidText(_ bytes: some RandomAccessCollection<UInt8>) -> String {
    let bytes = Array(bytes)
    let order: [[Int]] = [[3, 2, 1, 0], [5, 4], [7, 6], [8, 9], [10, 11, 12, 13, 14, 15]]
    return order.map { $0.map { twoDigits(bytes[$0]) }.joined() }.joined(separator: "-")
}

func twoDigits(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }
