/// The types of the host interface as bytes, little-endian.
///
/// Source: host reference 2.1.
enum HostBytes {
    static func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

    static func flag(_ value: Bool) -> [UInt8] { word(value ? 1 : 0) }

    static func short(_ value: UInt16) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

    /// 1.2.3.4 as the word 0x01020304, so that its bytes come reversed.
    static func address(_ text: String) -> [UInt8] {
        let bytes = text.split(separator: ".").compactMap { UInt8($0) }
        return bytes.count == 4 ? bytes.reversed() : [0, 0, 0, 0]
    }

    /// A counted text.
    static func ansi(_ text: String) -> [UInt8] { short(UInt16(clamping: text.utf8.count)) + Array(text.utf8) }

    /// A text in a field of so many bytes, filled up with zeros.
    static func fixed(_ text: String, _ size: Int) -> [UInt8] { filled(Array(text.utf8), size) }

    static func filled(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
        bytes.prefix(size) + [UInt8](repeating: 0, count: max(0, size - bytes.count))
    }

    /// The word at a place; 0 past the end.
    static func number(_ bytes: [UInt8], at place: Int) -> UInt32 {
        guard bytes.count >= place + 4 else { return 0 }
        return bytes[place..<(place + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The text that a request counts, without the NUL that some clients count too; `nil` when the count is wrong.
    static func text(_ data: [UInt8]) -> [UInt8]? {
        guard data.count >= 2, data.count == 2 + (Int(data[0]) | Int(data[1]) << 8) else { return nil }
        return Array(data[2...].prefix { $0 != 0 })
    }
}
