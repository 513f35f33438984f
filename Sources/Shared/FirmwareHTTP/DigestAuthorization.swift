import Certificates
package import Vocabulary

/// What a firmware asked for with a 401.
///
/// `Digest realm="Digest:…", nonce="…",stale="false",qop="auth"`: no algorithm, no opaque. Source: network reference
/// 1.4, 1.5; captures of 11.8.50 and 15.0.23.
package struct DigestChallenge: Hashable, Sendable {
    package var realm: String
    package var nonce: String
    /// `auth-int` is taken when offered.
    package var qualities: [String]

    /// Reads one `WWW-Authenticate` value.
    ///
    /// - Returns: `nil` for another scheme, or without realm and nonce.
    package init?(_ value: String) {
        guard value.lowercased().hasPrefix("digest ") else { return nil }
        var fields: [String: String] = [:]
        var rest = value.dropFirst("digest ".count)
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals].drop { $0 == " " || $0 == "," }.lowercased()
            rest = rest[rest.index(after: equals)...]
            if rest.first == "\"" {
                rest = rest.dropFirst()
                guard let end = rest.firstIndex(of: "\"") else { return nil }
                fields[name] = String(rest[..<end])
                rest = rest[rest.index(after: end)...]
            } else {
                let end = rest.firstIndex(of: ",") ?? rest.endIndex
                fields[name] = String(rest[..<end])
                rest = rest[end...]
            }
        }
        guard let realm = fields["realm"], let nonce = fields["nonce"] else { return nil }
        self.realm = realm
        self.nonce = nonce
        qualities = (fields["qop"] ?? "").split(separator: ",").map { $0.filter { $0 != " " } }
    }
}

/// A user of the firmware's own digest list.
package struct DigestCredential: Sendable {
    package var user: String
    package var password: Secret

    package init(user: String, password: Secret) {
        self.user = user
        self.password = password
    }
}

/// A challenge in use: counts its nonce and answers for each request.
///
/// Ours and not libcurl's, which takes a second challenge with `stale=false` for wrong credentials and cannot be given a
/// remembered nonce.
package struct DigestAuthorization: Sendable {
    package let challenge: DigestChallenge
    package private(set) var count: UInt32 = 0

    package init(_ challenge: DigestChallenge) { self.challenge = challenge }

    /// The `Authorization` value of the next request; each is used once.
    package mutating func header(
        for credential: DigestCredential, method: String, path: String, body: [UInt8], clientNonce: String
    ) -> Secret {
        count += 1
        let nc = String(repeating: "0", count: 8 - String(count, radix: 16).count) + String(count, radix: 16)
        let quality = challenge.qualities.contains("auth-int") ? "auth-int" : challenge.qualities.first
        let ha1 = credential.password.reveal {
            Digest.md5(Array("\(credential.user):\(challenge.realm):".utf8) + $0).hexadecimal
        }
        var a2 = "\(method):\(path)"
        if quality == "auth-int" { a2 += ":" + Digest.md5(body).hexadecimal }
        let ha2 = Digest.md5(Array(a2.utf8)).hexadecimal
        let middle = quality.map { "\(challenge.nonce):\(nc):\(clientNonce):\($0)" } ?? challenge.nonce
        let response = Digest.md5(Array("\(ha1):\(middle):\(ha2)".utf8)).hexadecimal
        var text = #"Digest username="\#(credential.user)",realm="\#(challenge.realm)",nonce="\#(challenge.nonce)","#
        text += #"uri="\#(path)",response="\#(response)""#
        if let quality { text += #",qop="\#(quality)",nc=\#(nc),cnonce="\#(clientNonce)""# }
        return Secret(text)
    }
}
