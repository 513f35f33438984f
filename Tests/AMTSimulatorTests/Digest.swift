import Crypto
import Foundation

@testable import AMTSimulator

func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

func md5(_ text: String) -> [UInt8] { Array(Insecure.MD5.hash(data: Data(text.utf8))) }

/// A client's side of the digest, by RFC 2617.
struct DigestClient {
    var user = "admin"
    var password = Device.password
    var realm: String
    var nonce: String
    var cnonce = "0a4f113b"
    var uri = "/wsman"

    func hash(method: String, body: [UInt8], nc: String, quality: String) -> String {
        let ha1 = md5("\(user):\(realm):\(password)").hexadecimal
        var a2 = "\(method):\(uri)"
        if quality == "auth-int" { a2 += ":\(Array(Insecure.MD5.hash(data: body)).hexadecimal)" }
        return md5("\(ha1):\(nonce):\(nc):\(cnonce):\(quality):\(md5(a2).hexadecimal)").hexadecimal
    }

    /// The header's value; `shownNC` is how `nc` is written, quoted or not.
    func header(
        method: String = "POST", body: [UInt8] = [], nc: String = "00000001", shownNC: String? = nil,
        quality: String = "auth", response: String? = nil
    ) -> String {
        let response = response ?? hash(method: method, body: body, nc: nc, quality: quality)
        return "Digest username=\"\(user)\",realm=\"\(realm)\",nonce=\"\(nonce)\",uri=\"\(uri)\",qop=\"\(quality)\","
            + "response=\"\(response)\",nc=\(shownNC ?? nc),cnonce=\"\(cnonce)\""
    }
}

/// An HTTP answer taken apart by hand, chunk by chunk.
struct HTTPReply {
    var status: Int
    var head: [String]
    var chunks: [[UInt8]] = []
    var body: [UInt8]
    var closes: Bool

    init(_ answer: ExchangeAnswer) { self.init(answer.bytes, closes: answer.closes) }

    init(_ bytes: [UInt8], closes: Bool = false) {
        let end = (0..<max(0, bytes.count - 3)).first { bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) } ?? 0
        head = String(decoding: bytes[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        status = Int(head[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        self.closes = closes
        var rest = bytes[min(end + 4, bytes.count)...]
        guard head.contains("Transfer-Encoding: chunked") else {
            body = Array(rest)
            return
        }
        while let line = rest.firstIndex(of: 13) {
            let size = Int(String(decoding: rest[..<line], as: UTF8.self), radix: 16) ?? 0
            let chunk = rest.dropFirst(line - rest.startIndex + 2).prefix(size)
            guard size > 0 else { break }
            chunks.append(Array(chunk))
            rest = rest.dropFirst(line - rest.startIndex + 2 + size + 2)
        }
        body = chunks.flatMap { $0 }
    }

    func header(_ name: String) -> String? {
        head.first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    /// A quoted field of the challenge.
    func challenge(_ name: String) -> String? {
        guard let text = header("WWW-Authenticate"), let start = text.range(of: "\(name)=\"") else { return nil }
        return String(text[start.upperBound...].prefix { $0 != "\"" })
    }
}
