/// An answer of HTTP/1.1 that came to its end.
struct HTTPAnswer: Hashable, Sendable {
    var status: Int
    /// The last `WWW-Authenticate`.
    var challenge: String?
    var body: [UInt8]

    /// Reads what came.
    ///
    /// Firmware may keep the connection after a 200, whatever it was asked: an answer ends where it says.
    ///
    /// `nil` when it is no answer, or not all of one: shorter than it says, or without its last chunk.
    ///
    /// - Parameters:
    ///   - bytes: All of it so far.
    ///   - isAll: Whether the peer has closed; what has no length of its own ends there.
    init?(_ bytes: [UInt8], isAll: Bool = true) {
        guard let end = Self.position(of: Array("\r\n\r\n".utf8), in: bytes[...]) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
        self.status = status
        var (length, chunked): (Int?, Bool) = (nil, false)
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "content-length": length = Int(value)
            case "transfer-encoding": chunked = value.lowercased() == "chunked"
            case "www-authenticate": challenge = String(value)
            default: break
            }
        }
        let rest = bytes[(end + 4)...]
        if chunked {
            guard let body = Self.joined(rest) else { return nil }
            self.body = body
        } else if let length {
            guard length >= 0, rest.count >= length else { return nil }
            body = Array(rest.prefix(length))
        } else {
            guard isAll else { return nil }
            body = Array(rest)
        }
    }

    private static func position(of mark: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= mark.count else { return nil }
        return (bytes.startIndex...bytes.endIndex - mark.count).first {
            bytes[$0..<$0 + mark.count].elementsEqual(mark)
        }
    }

    /// Chunks, whose sizes firmware writes with four digits.
    private static func joined(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var (rest, body): (ArraySlice<UInt8>, [UInt8]) = (bytes, [])
        while let end = position(of: [13, 10], in: rest) {
            let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self).prefix { $0 != ";" }
            guard let size = Int(line, radix: 16), size >= 0 else { return nil }
            rest = rest[(end + 2)...]
            if size == 0 { return body }
            guard rest.count >= size + 2 else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return nil
    }
}
