/// Reads little-endian fields from the head of a message on, and never past its end.
struct ByteReader {
    private let all: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { all = bytes }

    var remaining: Int { all.count - position }

    mutating func bytes(_ count: Int) throws(HostInterfaceFault) -> [UInt8] {
        guard count <= remaining else {
            throw .answerUnreadable("it ends after \(all.count) bytes, \(position + count) were expected")
        }
        defer { position += count }
        return Array(all[position..<position + count])
    }

    mutating func byte() throws(HostInterfaceFault) -> UInt8 { try bytes(1)[0] }

    mutating func word16() throws(HostInterfaceFault) -> UInt16 {
        try bytes(2).reversed().reduce(0) { $0 << 8 | UInt16($1) }
    }

    mutating func word32() throws(HostInterfaceFault) -> UInt32 {
        try bytes(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// AMT_BOOLEAN: a word, 0 or 1.
    mutating func boolean() throws(HostInterfaceFault) -> Bool {
        switch try word32() {
        case 0: return false
        case 1: return true
        case let other: throw .answerUnreadable("a truth value is \(other), expected 0 or 1")
        }
    }

    /// AMT_ANSI_STRING: a u16 byte count and that many bytes; one NUL at the end is taken off.
    mutating func countedText() throws(HostInterfaceFault) -> String {
        var bytes = try bytes(Int(try word16()))
        if bytes.last == 0 { bytes.removeLast() }
        return try text(bytes)
    }

    /// Text in a field of fixed size, up to its first NUL.
    mutating func paddedText(_ size: Int) throws(HostInterfaceFault) -> String {
        try text(Array(try bytes(size).prefix { $0 != 0 }))
    }

    /// Nothing may be left but zeros.
    ///
    /// Peers read answers with text at their end into buffers of fixed size, so padding there would have gone unseen.
    mutating func finish() throws(HostInterfaceFault) {
        guard try bytes(remaining).allSatisfy({ $0 == 0 }) else {
            throw .answerUnreadable("bytes are left over behind its last field")
        }
    }

    private func text(_ bytes: [UInt8]) throws(HostInterfaceFault) -> String {
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw .answerUnreadable("a text in it is not UTF-8 or contains NUL")
        }
        return text
    }
}
