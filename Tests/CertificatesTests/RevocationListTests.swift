import Certificates
import Foundation
import TestKit
import Testing
import Vocabulary

@Suite("Revocation lists and profiles")
struct RevocationListTests {
    static let now = 1_800_000_000

    @Test(
        "openssl finds what was taken back, with its reason, and nothing else",
        arguments: [SigningDigest.sha256, .sha384])
    func list(digest: SigningDigest) async throws {
        try await withTemporaryFolder { folder in
            let root = try CertificatesTests.root()
            var leaves: [Certificate] = []
            for number in 1...2 {
                var profile = CertificateProfile.server(try Hostname("pc\(number).example.com"))
                profile.digest = digest
                profile.revocationList = "http://crl.example.com/a.crl"
                leaves.append(
                    try profile.issue(
                        for: try PrivateKey.rsa(bits: 2048).publicKey, by: root.certificate, signingWith: root.key,
                        now: Self.now))
            }
            let list = try RevocationList.issue(
                [.init(serial: leaves[0].serial, revoked: Self.now, reason: .superseded)], by: root.certificate,
                signingWith: root.key, digest: digest, now: Self.now, lifetime: .seconds(86_400))
            try Data(list.der).write(to: URL(filePath: "\(folder)/crl.der"))
            try root.certificate.pem.write(toFile: "\(folder)/root", atomically: true, encoding: .utf8)
            for (number, leaf) in leaves.enumerated() {
                try leaf.pem.write(toFile: "\(folder)/leaf\(number)", atomically: true, encoding: .utf8)
            }
            func openssl(_ words: String...) async throws -> (status: Int32, output: String) {
                try await run("/usr/bin/openssl", words)
            }
            let text = try await openssl("crl", "-inform", "der", "-in", "\(folder)/crl.der", "-noout", "-text")
            for words in ["Version 2", "Superseded", "CRL Number", "Authority Key Identifier", "\(digest)With"] {
                #expect(text.output.contains(words), "\(words): \(text.output)")
            }
            _ = try await openssl("crl", "-inform", "der", "-in", "\(folder)/crl.der", "-out", "\(folder)/crl")
            func check(_ leaf: Int, at time: Int) async throws -> (status: Int32, output: String) {
                try await openssl(
                    "verify", "-x509_strict", "-crl_check", "-attime", "\(time)", "-CAfile", "\(folder)/root",
                    "-CRLfile",
                    "\(folder)/crl", "\(folder)/leaf\(leaf)")
            }
            let revoked = try await check(0, at: Self.now + 60)
            #expect(revoked.status != 0 && revoked.output.contains("certificate revoked"), "\(revoked.output)")
            let good = try await check(1, at: Self.now + 60)
            #expect(good.status == 0, "\(good.output)")
            let late = try await check(1, at: Self.now + 90_000)
            #expect(late.output.contains("CRL has expired"), "\(late.output)")
            let leaf = try await openssl("x509", "-in", "\(folder)/leaf1", "-noout", "-text")
            #expect(leaf.output.contains("URI:http://crl.example.com/a.crl"))
            #expect(leaf.output.contains("\(digest)With"))
        }
    }

    @Test("a serial number that is none is refused")
    func serial() throws {
        let root = try CertificatesTests.root()
        #expect(throws: Failure.self) {
            try RevocationList.issue(
                [.init(serial: "no number", revoked: Self.now, reason: .superseded)], by: root.certificate,
                signingWith: root.key, now: Self.now, lifetime: .seconds(60))
        }
    }

    @Test("a request for a key of 3072 bits is whole but for its signature")
    func longKey() async throws {
        try await withTemporaryFolder { folder in
            let key = try PrivateKey.rsa(bits: 3072)
            let der = try CertificateRequest.nullSigned(for: try Hostname("pc1.example.com"), publicKey: key.publicKey)
            try Data(der).write(to: URL(filePath: "\(folder)/request"))
            let text = try await run(
                "/usr/bin/openssl", ["req", "-inform", "der", "-in", "\(folder)/request", "-noout", "-text"])
            #expect(text.status == 0 && text.output.contains("3072 bit"), "\(text.output)")
            let zeros = text.output.split(separator: "\n").filter { $0.contains("00:00:00:00") }.joined()
            #expect(zeros.split(separator: ":").count >= 384 - 22, "the signature is as long as the key")
        }
    }
}
