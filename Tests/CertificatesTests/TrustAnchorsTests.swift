import Certificates
import Foundation
import TestKit
import Testing
import Vocabulary

@Suite("Authorities that are believed")
struct TrustAnchorsTests {
    typealias Pair = CertificatesTests.Pair
    static let now = CertificatesTests.now

    /// An authority or a leaf below another, on P-256.
    static func issue(_ profile: CertificateProfile, by issuer: Pair?) throws -> Pair {
        let key = try PrivateKey.p256()
        return Pair(
            certificate: try profile.issue(
                for: try key.publicKey, by: issuer?.certificate, signingWith: issuer?.key ?? key, now: now), key: key)
    }

    struct Family {
        var root, middle, leaf: Pair

        init() throws {
            root = try TrustAnchorsTests.issue(.root("Root", below: 1), by: nil)
            middle = try TrustAnchorsTests.issue(.intermediate("Middle"), by: root)
            leaf = try TrustAnchorsTests.issue(.server(try Hostname("pc1.example.com")), by: middle)
        }
    }

    @Test("vouch for a chain through what is between, from the file or from the chain, and while it is valid")
    func chain() throws {
        let family = try Family()
        let (root, middle, leaf) = (family.root.certificate, family.middle.certificate, family.leaf.certificate)
        let both = try TrustAnchors(pem: middle.pem + root.pem)
        #expect(both.roots == [root] && both.intermediates == [middle])
        try both.verify([leaf], now: Self.now)
        try TrustAnchors(pem: root.pem).verify([leaf, middle], now: Self.now)
        try TrustAnchors(pem: root.pem).verify([leaf, root, middle], now: Self.now)

        func refused(_ chain: [Certificate], _ anchors: TrustAnchors, now: Int = Self.now) throws -> String {
            try #require(throws: Failure.self) { try anchors.verify(chain, now: now) }.message
        }
        #expect(try refused([leaf], TrustAnchors(pem: root.pem)).contains("unable to get local issuer"))
        #expect(try refused([], both).contains("no certificate"))
        #expect(try refused([leaf], both, now: Self.now + 30 * 365 * 86_400).contains("expired"))
        #expect(try refused([leaf], both, now: Self.now - 86_400).contains("not yet valid"))
        let other = try Family()
        #expect(try !refused([leaf, middle], TrustAnchors(pem: other.root.certificate.pem)).isEmpty, "the same names")
        let below = try Self.issue(.server(try Hostname("pc2.example.com")), by: family.leaf)
        #expect(try refused([below.certificate, leaf], both).contains("invalid CA"), "a leaf that signs")
    }

    @Test("are not there where nobody is a root")
    func noRoot() throws {
        let family = try Family()
        let failure = try #require(throws: Failure.self) { try TrustAnchors(pem: try family.middle.certificate.pem) }
        #expect(failure.code == .certificateUnfit && failure.message.contains("none of the 1"))
        #expect(throws: Failure.self) { try TrustAnchors(pem: "") }
    }

    @Test("a signature on P-384 is openssl's, and of no other key, digest or length")
    func signature() async throws {
        try await withTemporaryFolder { folder in
            let script = """
                openssl ecparam -name secp384r1 -genkey -noout -out \(folder)/key
                openssl pkey -in \(folder)/key -pubout -outform der -out \(folder)/spki
                printf hello > \(folder)/text
                openssl dgst -sha384 -sign \(folder)/key -out \(folder)/der \(folder)/text
                openssl asn1parse -inform der -in \(folder)/der
                """
            let made = try await run("/bin/sh", ["-c", script])
            let numbers = made.output.matches(of: /INTEGER +:([0-9A-F]+)/).map { String($0.output.1) }
            try #require(numbers.count == 2, "\(made.output)")
            let raw = try numbers.flatMap { number in
                let padded = String(repeating: "0", count: 96 - number.count) + number
                return try #require(bytes(hexadecimal: padded.lowercased()))
            }
            let key = PublicKey(spki: Array(try Data(contentsOf: URL(filePath: "\(folder)/spki"))))
            let digest = Digest.sha384(Array("hello".utf8))
            #expect(try key.isP384Signature(raw, of: digest))
            #expect(try !key.isP384Signature(raw, of: Digest.sha384([])))
            for place in [0, 50] {
                var bad = raw
                bad[place] ^= 1
                #expect(try !key.isP384Signature(bad, of: digest))
            }
            #expect(try !key.isP384Signature(Array(raw.dropLast()), of: digest))
            #expect(try !key.isP384Signature([UInt8](repeating: 0, count: 96), of: digest))
            let other = try PrivateKey.p256().publicKey
            #expect(try !other.isP384Signature(raw, of: digest), "another curve")
        }
    }

    @Test(
        "each link of both captured on-die chains is signed by the next; the root above them is not known",
        .enabled(if: Vectors.arePresent, Vectors.note), arguments: 1...2)
    func captured(number: Int) throws {
        struct Answer: Decodable {
            struct Body: Decodable {
                var Certificates: String
                var LengthOfCertificates: [Int]
            }
            var Body: Body
        }
        let text = try Vectors.bytes("wsman/meshcommander/amtauth_\(number).json")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(text)).Body
        var rest = try #require(Data(base64Encoded: answer.Certificates))[...]
        let chain = try answer.LengthOfCertificates.map { count in
            defer { rest = rest.dropFirst(count) }
            return try Certificate(der: Array(rest.prefix(count)))
        }
        #expect(
            chain.map(\.subjectCommonName) == [
                "AMT WS-MAN", "CSME TGL AMT  01SDE", "CSME TGL SVN01 Kernel DE", "CSME TGL ROM DE",
            ])
        for (lower, upper) in zip(chain, chain.dropFirst()) { #expect(try lower.isIssued(by: upper)) }
        #expect(chain.allSatisfy { $0.notAfter == 2_524_607_999 }, "the end of 2049")
        let stranger = try TrustAnchors(pem: try Family().root.certificate.pem)
        let failure = try #require(throws: Failure.self) { try stranger.verify(chain, now: Self.now) }
        #expect(failure.message.contains("3 of the chain") && failure.message.contains("issuer"), "\(failure.message)")
    }
}
