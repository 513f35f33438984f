import Certificates
import Foundation
import TestKit
import Testing
import Vocabulary

@Suite("Certificates and keys")
struct CertificatesTests {
    static let now = 1_800_000_000

    struct Pair {
        var certificate: Certificate
        var key: PrivateKey
    }

    static func root(_ name: String = "Root") throws -> Pair {
        let key = try PrivateKey.rsa(bits: 2048)
        return Pair(
            certificate: try CertificateProfile.root(name).issue(
                for: try key.publicKey, by: nil, signingWith: key, now: now), key: key)
    }

    @Test("a server's certificate carries full and short name and is its issuer's")
    func serverProfile() throws {
        let root = try Self.root()
        let key = try PrivateKey.rsa(bits: 2048)
        let leaf = try CertificateProfile.server(try Hostname("pc1.example.com")).issue(
            for: try key.publicKey, by: root.certificate, signingWith: root.key, now: Self.now)
        #expect(leaf.subjectCommonName == "pc1.example.com")
        #expect(leaf.dnsNames == ["pc1.example.com", "pc1"])
        #expect(try leaf.isIssued(by: root.certificate))
        #expect(try !leaf.isIssued(by: try Self.root().certificate), "another root of the same name")
        #expect(leaf.notBefore < Self.now && leaf.notAfter > Self.now)
        #expect(try Certificate.all(pem: leaf.pem + root.certificate.pem) == [leaf, root.certificate])
        #expect(try leaf.hasExtendedKeyUsage("1.3.6.1.5.5.7.3.1"))
        #expect(try !leaf.hasExtendedKeyUsage(CertificateProfile.setUpUsage))
    }

    @Test("openssl verifies what we issue, and the pin is the SHA-256 of the SPKI that openssl prints")
    func foreignVerification() async throws {
        try await withTemporaryFolder { folder in
            let root = try Self.root()
            let key = try PrivateKey.rsa(bits: 2048)
            let leaf = try CertificateProfile.provisioning(try Hostname("p.example.com")).issue(
                for: try key.publicKey, by: root.certificate, signingWith: root.key, now: Self.now)
            try root.certificate.pem.write(toFile: "\(folder)/root", atomically: true, encoding: .utf8)
            try leaf.pem.write(toFile: "\(folder)/leaf", atomically: true, encoding: .utf8)
            let verified = try await run(
                "/usr/bin/openssl",
                ["verify", "-x509_strict", "-attime", "\(Self.now)", "-CAfile", "\(folder)/root", "\(folder)/leaf"])
            #expect(verified.status == 0, "\(verified.output)")
            let printed = try await run(
                "/bin/sh",
                [
                    "-c",
                    "openssl x509 -in \(folder)/leaf -pubkey -noout | openssl pkey -pubin -outform der | openssl sha256",
                ])
            #expect(printed.output.contains(leaf.publicKey.pin.hexadecimal))
            let text = try await run("/usr/bin/openssl", ["x509", "-in", "\(folder)/leaf", "-noout", "-text"])
            #expect(text.output.contains(CertificateProfile.setUpUsage))
            #expect(text.output.contains("Intel(R) Client Setup Certificate"))
        }
    }

    @Test("a null-signed request is whole but for its signature")
    func nullSigned() async throws {
        try await withTemporaryFolder { folder in
            let key = try PrivateKey.rsa(bits: 2048)
            let der = try CertificateRequest.nullSigned(for: try Hostname("pc1.example.com"), publicKey: key.publicKey)
            try Data(der).write(to: URL(filePath: "\(folder)/request"))
            let text = try await run(
                "/usr/bin/openssl", ["req", "-inform", "der", "-in", "\(folder)/request", "-noout", "-text"])
            #expect(text.status == 0, "\(text.output)")
            #expect(text.output.contains("CN = pc1.example.com"))
            #expect(text.output.contains("sha256WithRSAEncryption"))
            let failure = #expect(throws: Failure.self) { try CertificateRequest(der: der) }
            #expect(failure?.code == .certificateUnfit, "nobody has signed it yet")
        }
    }

    @Test("a request that openssl signed reads; one whose signature is changed does not")
    func requests() async throws {
        try await withTemporaryFolder { folder in
            _ = try await run(
                "/usr/bin/openssl",
                [
                    "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(folder)/key", "-subj", "/CN=x",
                    "-outform", "der", "-out", "\(folder)/request",
                ])
            var der = Array(try Data(contentsOf: URL(filePath: "\(folder)/request")))
            let key = try PrivateKey(pem: Secret(Array(try Data(contentsOf: URL(filePath: "\(folder)/key")))))
            #expect(try CertificateRequest(der: der).publicKey == key.publicKey)
            der[der.count - 5] ^= 1
            #expect(throws: Failure.self) { try CertificateRequest(der: der) }
            for count in stride(from: 0, to: der.count, by: 7) {
                #expect(throws: Failure.self) { try CertificateRequest(der: Array(der.prefix(count))) }
            }
        }
    }

    @Test("a firmware's key reads as PKCS#1 and as SPKI", .enabled(if: Vectors.arePresent, Vectors.note))
    func firmwareKey() throws {
        let text = try Vectors.text("wsman/go-wsman-messages/responses/amt/publicprivate/pull.xml")
        let match = try #require(text.firstMatch(of: /DERKey>([^<]+)</))
        let pkcs1 = Array(try #require(Data(base64Encoded: String(match.1))))
        let key = try PublicKey(firmware: pkcs1)
        #expect(try PublicKey(firmware: key.spki) == key)
        #expect(throws: Failure.self) { try PublicKey(firmware: Array(pkcs1.dropLast())) }
    }

    @Test("what is no certificate says so")
    func unreadable() {
        for der in [[], [0x30], Array("-----BEGIN".utf8), [UInt8](repeating: 0x30, count: 100)] as [[UInt8]] {
            let failure = #expect(throws: Failure.self) { try Certificate(der: der) }
            #expect(failure?.code == .certificateUnreadable)
        }
        #expect(throws: Failure.self) { try Certificate.all(pem: "nothing here") }
        #expect(throws: Failure.self) { try PrivateKey(pem: Secret("nothing here")) }
    }
}

@Suite("Sealing")
struct SealingTests {
    @Test("what is sealed opens only with its key and in its place")
    func sealing() throws {
        let key = try SealingKey(Secret([UInt8](repeating: 7, count: 32)))
        let sealed = try key.seal(Secret("canary"), for: "machine/purpose")
        #expect(try key.open(sealed, for: "machine/purpose") == Secret("canary"))
        #expect(!String(decoding: sealed, as: UTF8.self).contains("canary"))
        let elsewhere = #expect(throws: Failure.self) { try key.open(sealed, for: "machine/other") }
        #expect(elsewhere?.code == .vaultDamaged)
        let other = try SealingKey(Secret([UInt8](repeating: 8, count: 32)))
        let wrong = #expect(throws: Failure.self) { try other.open(sealed, for: "machine/purpose") }
        #expect(wrong?.code == .vaultKeyWrong)
        #expect(wrong?.hint != nil)
        #expect(try key.seal(Secret("canary"), for: "machine/purpose") != sealed, "a nonce is used once")
    }

    @Test("every changed bit and every cut is found")
    func damage() throws {
        let key = try SealingKey(Secret([UInt8](repeating: 7, count: 32)))
        let sealed = try key.seal(Secret("canary"), for: "x")
        for place in sealed.indices {
            var damaged = sealed
            damaged[place] ^= 0x10
            #expect(throws: Failure.self) { try key.open(damaged, for: "x") }
        }
        for count in 0..<sealed.count {
            #expect(throws: Failure.self) { try key.open(Array(sealed.prefix(count)), for: "x") }
        }
    }

    @Test("a key of another length is refused")
    func length() {
        let failure = #expect(throws: Failure.self) { try SealingKey(Secret([1, 2, 3])) }
        #expect(failure?.code == .vaultKeyWrong)
    }

    @Test("digests are those of the standards")
    func digests() {
        #expect(Digest.md5([]).hexadecimal == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(
            Digest.sha256(Array("abc".utf8)).hexadecimal
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
