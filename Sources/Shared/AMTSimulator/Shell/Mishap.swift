import Foundation

/// Something that shall happen to one request, chosen by its number, its method, or the next that comes.
struct Mishap: Sendable {
    var kind: String
    var request: Int?
    /// The end of the request's action: `CommitChanges`, `Put`.
    var method: String?
    /// How long a stall lasts.
    var seconds: Double?

    func strikes(_ number: Int, _ body: String) -> Bool {
        if let request, request != number { return false }
        if let method { return body.contains("/\(method)<") }
        return true
    }
}

extension FirmwareHost {
    /// What can strike a request, by the names that the control socket takes.
    static let mishaps = [
        "drip", "dropBefore", "dropAfter", "endless", "expireNonces", "garbage", "html", "long", "resetMidChunk",
        "stall", "status500", "status503",
    ]

    /// What becomes of an answer on its way out.
    func delivery(of answer: ExchangeAnswer, isLost: Bool, _ mishap: Mishap?) -> Delivery {
        switch mishap?.kind {
        case "dropAfter": .drop
        case "html": .answer(Self.html, closes: true)
        case "garbage": .answer([0x15, 0x03, 0x00, 0xFF, 0x00, 0x0A], closes: true)
        case "long": .answer(Self.long, closes: true)
        case "endless":
            .flood(
                head: Self.head("Transfer-Encoding: chunked"),
                piece: Array("0400\r\n".utf8) + [UInt8](repeating: 0x20, count: 1024) + [0x0D, 0x0A], pause: 0)
        case "drip": .flood(head: Self.head("Content-Length: 100000"), piece: [0x20], pause: 0.1)
        case "status500": .answer(Self.error("500 Internal Server Error"), closes: true)
        case "status503": .answer(Self.error("503 Service Unavailable"), closes: true)
        case "resetMidChunk": .torn(Array(answer.bytes.prefix(answer.bytes.count - answer.bytes.count / 4)))
        case "stall": .late(mishap?.seconds ?? Self.usualStall, .answer(answer.bytes, closes: answer.closes))
        default: isLost ? .drop : .answer(answer.bytes, closes: answer.closes)
        }
    }

    private static let usualStall = 15.0

    private static let html = Array(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 46\r\n\r\n<html><body><h1>It works!</h1></body></html>\r\n"
            .utf8)

    private static func head(_ length: String) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml; charset=UTF-8\r\n\(length)\r\n\r\n".utf8)
    }

    /// An envelope of two megabytes, whole in itself.
    private static let long: [UInt8] = {
        let ends = (
            "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body>", "</e:Body></e:Envelope>"
        )
        let body = Array(ends.0.utf8) + [UInt8](repeating: 0x78, count: 2 << 20) + Array(ends.1.utf8)
        return head("Content-Length: \(body.count)") + body
    }()

    private static func error(_ status: String) -> [UInt8] {
        Array(
            "HTTP/1.1 \(status)\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
    }
}
