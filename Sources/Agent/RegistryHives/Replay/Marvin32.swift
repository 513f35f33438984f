/// The hash over log entries, Marvin32 with the seed of the registry.
///
/// The specification prints the seed as bytes; its words are the other way round. Tried with the logs of four hives.
struct Marvin32 {
    private var low: UInt32 = 0x7A4E_55C5
    private var high: UInt32 = 0x82EF_4D88

    private mutating func mix(_ value: UInt32) {
        func turned(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }
        low &+= value
        high ^= low
        low = turned(low, 20) &+ high
        high = turned(high, 9) ^ low
        low = turned(low, 27) &+ high
        high = turned(high, 19)
    }

    /// Takes a piece; all but the last are a multiple of four bytes long.
    mutating func add(_ bytes: some Sequence<UInt8>) {
        let bytes = ContiguousArray(bytes)
        bytes.withUnsafeBytes { buffer in
            for index in 0..<buffer.count / 4 {
                mix(UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
            }
        }
    }

    /// The hash as the eight bytes that are stored; nothing can be added after it.
    mutating func value() -> UInt64 {
        // What is behind the last whole word, of which a log has nothing, and the mark of the end.
        mix(0x80)
        mix(0)
        return UInt64(low) | UInt64(high) << 32
    }
}
