import Crypto
import Foundation

extension SimulatedFirmware {
    enum DigestOutcome {
        case user(String)
        case challenge
    }

    /// Checks an `Authorization` header against the stored hashes.
    ///
    /// The text of `nc` is hashed as it came, quoted or not; a nonce that has served too often or too long gets a plain
    /// challenge, with `stale="false"`. Source: network reference 1.5.
    mutating func check(_ message: HTTPMessage, fromHost: Bool = false) -> DigestOutcome {
        guard let header = message.header("Authorization"), header.lowercased().hasPrefix("digest ") else {
            return .challenge
        }
        let fields = Self.fields(String(header.dropFirst("digest ".count)))
        guard let user = fields["username"], let nonce = fields["nonce"], let response = fields["response"],
            fields["realm"] == digestRealm, let a1 = accounts.a1(of: user, realm: digestRealm, fromHost: fromHost)
        else { return .challenge }
        guard let known = nonces[nonce], now - known.issued <= personality.switches.nonceLifetime,
            known.uses < personality.switches.nonceUses ?? .max
        else {
            nonces[nonce] = nil
            return .challenge
        }
        var a2 = "\(message.method):\(fields["uri"] ?? message.path)"
        if fields["qop"] == "auth-int" { a2 += ":" + Self.md5(message.body) }
        let ha2 = Self.md5(Array(a2.utf8))
        let middle =
            fields["qop"].map { "\(nonce):\(fields["nc"] ?? ""):\(fields["cnonce"] ?? ""):\($0)" } ?? nonce
        // An empty response is never right (CVE-2017-5689).
        guard response.utf8.count == 32,
            response == Self.md5(Array("\(a1.hexadecimal):\(middle):\(ha2)".utf8))
        else { return .challenge }
        nonces[nonce] = (known.issued, known.uses + 1)
        return .user(user)
    }

    /// A nonce: 24 bytes in base64, a little-endian clock, four zero bytes, twelve random ones.
    mutating func makeNonce() -> String {
        let clock = UInt64(max(0, now) * 1000)
        let bytes = withUnsafeBytes(of: clock.littleEndian) { Array($0) } + [0, 0, 0, 0] + random.bytes(12)
        let nonce = Data(bytes).base64EncodedString()
        if nonces.count > 64, let oldest = nonces.min(by: { $0.value.issued < $1.value.issued }) {
            nonces[oldest.key] = nil
        }
        nonces[nonce] = (now, 0)
        return nonce
    }

    /// Every nonce ends now.
    package mutating func expireNonces() { nonces = [:] }

    private static func md5(_ bytes: [UInt8]) -> String { Array(Insecure.MD5.hash(data: bytes)).hexadecimal }

    private static func fields(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        var rest = text[...]
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals].filter { $0 != " " && $0 != "," }.lowercased()
            rest = rest[rest.index(after: equals)...]
            if rest.first == "\"" {
                rest = rest.dropFirst()
                guard let end = rest.firstIndex(of: "\"") else { return fields }
                fields[name] = String(rest[..<end])
                rest = rest[rest.index(after: end)...]
            } else {
                let end = rest.firstIndex { $0 == "," } ?? rest.endIndex
                fields[name] = rest[..<end].filter { $0 != " " }
                rest = rest[end...]
            }
        }
        return fields
    }
}
