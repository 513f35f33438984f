// Numbers and text out of foreign bytes. Behind the end there are zeros, so that no foreign length traps.

/// 32 bits, little-endian.
func word(_ bytes: some RandomAccessCollection<UInt8>, _ offset: Int) -> UInt32 {
    guard offset >= 0, offset <= bytes.count - 4 else { return 0 }
    let first = bytes.index(bytes.startIndex, offsetBy: offset)
    return bytes[first...].prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
}

/// 16 bits, little-endian.
func halfWord(_ bytes: some RandomAccessCollection<UInt8>, _ offset: Int) -> UInt16 {
    guard offset >= 0, offset <= bytes.count - 2 else { return 0 }
    let first = bytes.index(bytes.startIndex, offsetBy: offset)
    return bytes[first...].prefix(2).reversed().reduce(0) { $0 << 8 | UInt16($1) }
}

func put(_ value: UInt32, at offset: Int, into bytes: inout [UInt8]) {
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
}

/// UTF-16, little-endian, up to the first NUL or the end.
///
/// An odd last byte is dropped and a lone surrogate replaced: both occur in hives of used machines.
package func utf16(_ bytes: some RandomAccessCollection<UInt8>) -> String {
    let units = (0..<bytes.count / 2).lazy.map { halfWord(bytes, 2 * $0) }.prefix { $0 != 0 }
    return String(decoding: Array(units), as: UTF16.self)
}

/// Seconds since 1970 of a FILETIME; nil for none, and for what no clock of a PC has shown.
package func seconds(fileTime: UInt64) -> Int? {
    let seconds = Int(fileTime / 10_000_000) - 11_644_473_600
    // Up to 2100.
    return (1..<4_102_444_800).contains(seconds) ? seconds : nil
}

/// 64 bits, little-endian.
func longWord(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
    UInt64(word(bytes, offset)) | UInt64(word(bytes, offset + 4)) << 32
}
