/// The hash over log entries, Marvin32 with the seed of the registry, as the eight bytes that are stored.
///
/// The specification prints the seed as bytes; its words are the other way round. Tried with the logs of four hives.
func marvin32(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    var (low, high): (UInt32, UInt32) = (0x7A4E_55C5, 0x82EF_4D88)
    func turned(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }
    func mix(_ value: UInt32) {
        low &+= value
        high ^= low
        low = turned(low, 20) &+ high
        high = turned(high, 9) ^ low
        low = turned(low, 27) &+ high
        high = turned(high, 19)
    }
    bytes.withUnsafeBytes { buffer in
        let whole = buffer.count / 4
        for index in 0..<whole {
            mix(UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
        }
        let tail = buffer[(4 * whole)...]
        mix((tail + [0x80]).reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }
    mix(0)
    return UInt64(low) | UInt64(high) << 32
}
