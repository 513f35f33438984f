/// Reads the big-endian fields of an APF message, and never past its end.
struct APFReader {
    private let all: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { all = bytes }

    var isAtEnd: Bool { position == all.count }

    private mutating func take(_ count: Int) throws(HostInterfaceFault) -> ArraySlice<UInt8> {
        guard count <= all.count - position else {
            throw .answerUnreadable("an APF message ends after \(all.count) bytes, \(position + count) were expected")
        }
        defer { position += count }
        return all[position..<position + count]
    }

    mutating func byte() throws(HostInterfaceFault) -> UInt8 { try take(1).first ?? 0 }

    mutating func word() throws(HostInterfaceFault) -> UInt32 { try take(4).reduce(0) { $0 << 8 | UInt32($1) } }

    mutating func counted() throws(HostInterfaceFault) -> [UInt8] { Array(try take(Int(try word()))) }

    /// Names in APF are ASCII; what is not is shown as it can be.
    mutating func text() throws(HostInterfaceFault) -> String { String(decoding: try counted(), as: UTF8.self) }

    mutating func skip(_ count: Int) throws(HostInterfaceFault) { _ = try take(count) }

    mutating func skipAll() { position = all.count }

    func finish() throws(HostInterfaceFault) {
        guard isAtEnd else {
            throw .answerUnreadable("an APF message has \(all.count - position) bytes behind its last field")
        }
    }
}
