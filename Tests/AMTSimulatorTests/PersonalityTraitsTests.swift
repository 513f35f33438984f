import Crypto
import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("Personalities")
struct PersonalityTraitsTests {
    /// What OpenSSL agrees on with each at 16993, from TLS 1.0 to 1.2, and which key exchange.
    @Test(
        "speak the TLS of their generation and no other, by OpenSSL's word",
        arguments: [
            ("7.1", [1, 1, 0]), ("9.1", [1, 1, 0]), ("11.8", [1, 1, 0]), ("12.0", [0, 1, 1]), ("16.1", [0, 0, 1]),
        ])
    func versions(personality: String, expected: [Int]) async throws {
        let number = 110 + (Personality.all.firstIndex { $0.name == personality } ?? 0)
        try await withTemporaryFolder { folder in
            try "B3nch-mark!\n".write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
            let extra = ["--personality", personality, "--provisioned", "\(folder)/password"]
            try await withBench(number: number, extra) { bench in
                var spoken: [Int] = []
                for version in ["-tls1", "-tls1_1", "-tls1_2"] {
                    let shown = try await bench.openssl(version, "-cipher", "DEFAULT:@SECLEVEL=0")
                    spoken.append(shown.output.contains(/Cipher is \(NONE\)/) || shown.status != 0 ? 0 : 1)
                    if spoken.last == 1, expected[2] == 0 {
                        #expect(shown.output.contains("Cipher is AES"), "static RSA: \(shown.output)")
                    }
                }
                #expect(spoken == expected)
            }
        }
    }

    @Test("of 16.1 on closes the plain port for good and says that there is none")
    func plain() {
        for personality in Personality.all {
            var firmware = Device().firmware
            firmware.personality = personality
            firmware.provisioningState = .post
            #expect((firmware.admission(tls: false) == .closed) == (personality.name == "16.1"))
            let tells = AMT_TLSSettingData.instances(firmware).allSatisfy {
                $0.properties["NonSecureConnectionsSupported"] != nil
            }
            #expect(tells == (personality.name == "16.1"))
        }
    }

    @Test("of 16.1 on refuse set-up under SHA-1")
    func weak() async throws {
        let (old, new) = (try await Self.chain(digest: "sha1"), try await Self.chain(digest: "sha256"))
        for personality in Personality.all {
            var firmware = Device(roots: [old.rootHash, new.rootHash]).firmware
            firmware.personality = personality
            #expect((firmware.refusal(of: old.ders) != nil) == (personality.name == "16.1"), "\(personality.name)")
            #expect(firmware.refusal(of: new.ders) == nil, "\(personality.name)")
        }
    }

    /// A set-up chain by OpenSSL: leaf and root, as DER.
    private static func chain(digest: String) async throws -> (ders: [[UInt8]], rootHash: [UInt8]) {
        try await withTemporaryFolder { folder in
            func openssl(_ arguments: String...) async throws {
                let done = try await run("/usr/bin/openssl", arguments)
                guard done.status == 0 else { throw Unexpected(done.output) }
            }
            try "extendedKeyUsage=serverAuth,2.16.840.1.113741.1.2.3\n".write(
                toFile: "\(folder)/usage", atomically: true, encoding: .utf8)
            try await openssl(
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-\(digest)", "-subj", "/CN=root", "-days", "900",
                "-keyout", "\(folder)/root.key", "-out", "\(folder)/root.pem")
            try await openssl(
                "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=prov.corp.example.test", "-keyout",
                "\(folder)/leaf.key", "-out", "\(folder)/leaf.csr")
            try await openssl(
                "x509", "-req", "-\(digest)", "-in", "\(folder)/leaf.csr", "-CA", "\(folder)/root.pem", "-CAkey",
                "\(folder)/root.key", "-CAcreateserial", "-days", "900", "-extfile", "\(folder)/usage", "-out",
                "\(folder)/leaf.pem")
            var ders: [[UInt8]] = []
            for name in ["leaf", "root"] {
                try await openssl("x509", "-in", "\(folder)/\(name).pem", "-outform", "DER", "-out", "\(folder)/der")
                ders.append(Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/der"))))
            }
            return (ders, Array(SHA256.hash(data: ders[1])))
        }
    }
}
