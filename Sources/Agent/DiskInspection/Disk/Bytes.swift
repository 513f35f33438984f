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
func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes { crc = crcTable[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
    return ~crc
}

private let crcTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
}
