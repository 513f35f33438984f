import Foundation

/// One HTTP request as the firmware takes it.
struct HTTPMessage {
    var method: String
    var path: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
}

/// Collects the bytes of one connection into requests.
struct HTTPCollector {
    private var bytes: [UInt8] = []
    /// More than this in a request is not taken; clients state 51200 as their envelope's bound.
    static let longest = 1 << 20

    enum Reading {
        case incomplete
        case message(HTTPMessage)
        case unreadable
    }

    mutating func append(_ more: some Collection<UInt8>) { bytes += more }

    /// Takes the next whole request, if one is there.
    mutating func next() -> Reading {
        guard bytes.count <= Self.longest else { return .unreadable }
        guard let end = headEnd() else { return .incomplete }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        guard let first = lines.first else { return .unreadable }
        let words = first.split(separator: " ")
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return .unreadable }
        var message = HTTPMessage(method: String(words[0]), path: String(words[1]), headers: [], body: [])
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return .unreadable }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            message.headers.append((String(line[..<colon]), value))
        }
        let start = end + 4
        if message.header("Transfer-Encoding")?.lowercased() == "chunked" { return chunked(&message, from: start) }
        let length = Int(message.header("Content-Length") ?? "0") ?? -1
        guard length >= 0, length <= Self.longest else { return .unreadable }
        guard bytes.count >= start + length else { return .incomplete }
        message.body = Array(bytes[start..<(start + length)])
        bytes.removeFirst(start + length)
        return .message(message)
    }

    private func headEnd() -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...(bytes.count - 4)).first {
            bytes[$0] == 13 && bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10])
        }
    }

    private mutating func chunked(_ message: inout HTTPMessage, from start: Int) -> Reading {
        var place = start
        while true {
            guard
                let end = (place..<max(place, bytes.count - 1)).first(where: { bytes[$0] == 13 && bytes[$0 + 1] == 10 })
            else { return .incomplete }
            let text = String(decoding: bytes[place..<end], as: UTF8.self).prefix { $0 != ";" }
            guard let size = Int(text, radix: 16), size >= 0, size <= Self.longest else { return .unreadable }
            let data = end + 2
            guard bytes.count >= data + size + 2 else { return .incomplete }
            message.body += bytes[data..<(data + size)]
            place = data + size + 2
            if size == 0 {
                bytes.removeFirst(place)
                return .message(message)
            }
        }
    }
}
