import Crypto
import CryptoExtras
import Foundation
import LibXML
import SwiftASN1
import TestKit
import Testing
import X509

@testable import AMTSimulator

@Suite("Each generation answers in its own way")
struct PersonalityTests {
    private static let old: [Personality] = [.amt7, .amt9]

    @Test("the names that can be chosen are 7.1, 9.1, 11.8, 12.0 and 16.1")
    func names() {
        #expect(Personality.all.map(\.name) == ["7.1", "9.1", "11.8", "12.0", "16.1"])
    }

    @Test("the Server header holds the version, and AMT alone where a build is said to", arguments: Personality.all)
    func serverHeader(personality: Personality) {
        var personality = personality
        func sent() -> String? {
            HTTPReply(HTTPAnswer.plain("200 OK", "", personality: personality)).header("Server")
        }
        // A console reads the version from the 46th byte of `Server: …`, that is the 39th of the value.
        #expect(sent()?.dropFirst(38).hasPrefix(personality.name) == true)
        personality.switches.saysOnlyAMT = true
        #expect(sent() == "AMT")
    }

    @Test("a root is in the hello by SHA-1 and SHA-256 up to 9.1, and by SHA-256 alone from 11.8 on")
    func hashes() throws {
        let authority = try Authority()
        let pem = Bench.pem("CERTIFICATE", try authority.der())
        for personality in Personality.all {
            let hashes = try Simulation.rootHashes([pem], personality)
            let isOld = Self.old.contains(personality)
            #expect(hashes.map(\.count).prefix(2) == (isOld ? [20, 32] : [32, 32]), "\(personality.name)")
            let hello = Device(personality, roots: hashes).firmware.hello(retry: 0)
            #expect(Int(hello[24]) == hashes.count)
            #expect(Array(hello[25..<27]) == (isOld ? [1, 20] : [2, 32]))
            let leaf = try authority.issue().certificate
            // By any digest of the table the root is known.
            var firmware = Device(personality, roots: [hashes[0]]).firmware
            #expect(firmware.refusal(of: [leaf, try authority.der()]) == nil, "\(personality.name)")
            firmware.trustedRoots = [Personality.RootHash.sha384.digest(try authority.der())]
            #expect(firmware.hello(retry: 0)[25...].prefix(2) == [3, 48])
            #expect(firmware.refusal(of: [leaf, try authority.der()]) == nil)
        }
    }

    @Test("16.1 refuses SHA-1 in a chain, where the others take it")
    func sha1Chains() throws {
        let root = try Authority()
        // A root with an RSA key signs itself and the leaf with SHA-1.
        let key = Certificate.PrivateKey(try RSAKey(keySize: .bits2048))
        let subject = root.certificate.subject
        let old = try der(
            Certificate(
                version: .v3, serialNumber: .init(), publicKey: key.publicKey, notValidBefore: Authority.now,
                notValidAfter: Date(timeIntervalSince1970: 4e9), issuer: subject, subject: subject,
                signatureAlgorithm: .sha1WithRSAEncryption, extensions: .init(), issuerPrivateKey: key))
        let leaf = try root.certificate(of: key.publicKey, by: (key, .sha1WithRSAEncryption))
        for personality in Personality.all {
            var firmware = Device(personality, roots: [Array(SHA256.hash(data: old))]).firmware
            let refusal = firmware.refusal(of: [leaf, old])
            #expect(refusal?.contains("SHA-1") == (personality == .amt16 ? true : nil), "\(personality.name)")
        }
    }

    @Test("the digest realm of 9.1 and 11.8 is two bytes and zeros, the others' is random throughout")
    func realm() {
        for personality in Personality.all {
            let zeros = String(repeating: "0", count: 28)
            let isSparse = Device(personality).firmware.digestRealm.hasSuffix(zeros)
            #expect(isSparse == [Personality.amt9, .amt11].contains(personality), "\(personality.name)")
        }
    }

    @Test("properties that came later than 12.0 are in the answers of 16.1 alone")
    func properties() throws {
        for personality in Personality.all {
            var device = try Device.provisioned(personality)
            let settings = try device.get("AMT_GeneralSettings").body
            let isNew = personality == .amt16
            #expect(settings?["DHCPSyncRequiresHostname"]?.text == (isNew ? "1" : nil), "\(personality.name)")
            #expect(settings?["ThunderboltDockEnabled"]?.text == (isNew ? "0" : nil))
            let ports = try device.items("AMT_EthernetPortSettings").map { $0["PhysicalConnectionType"]?.text }
            #expect(ports == (isNew ? ["0", "3"] : [nil, nil]))
            let tls = try device.items("AMT_TLSSettingData").map { $0["NonSecureConnectionsSupported"]?.text }
            #expect(tls == (isNew ? ["false", "true"] : [nil, nil]))
        }
    }

    @Test("16.1 serves nothing without TLS to the network, and will not have it switched on")
    func plainPorts() throws {
        let remote = selector("InstanceID", "Intel(r) AMT 802.3 TLS Settings")
        for personality in Personality.all {
            var device = try Device.provisioned(personality)
            #expect(device.firmware.admission(tls: false) == (personality == .amt16 ? .closed : .anyone))
            #expect(device.firmware.admission(tls: true) == .anyone)
            let body = tlsBody("802.3", enabled: true, plain: true)
            let reply = try device.put("AMT_TLSSettingData", body, remote)
            #expect((reply.fault == "e:InternalError") == (personality == .amt16), "\(reply.text)")
            let local = selector("InstanceID", "Intel(r) AMT LMS TLS Settings")
            let taken = try device.put("AMT_TLSSettingData", tlsBody("LMS", enabled: true, plain: true), local)
            #expect(taken.status == 200, "from the host nothing changed yet")
        }
    }

    @Test("where TLS is needed from the host too, its own settings cannot do without either")
    func hostNeedsTLS() throws {
        var device = try Device.provisioned { $0.personality.needsTLSFromHost = true }
        let local = selector("InstanceID", "Intel(r) AMT LMS TLS Settings")
        let refused = try device.put("AMT_TLSSettingData", tlsBody("LMS", enabled: true, plain: true), local)
        #expect(refused.fault == "e:InternalError")
        #expect(try device.put("AMT_TLSSettingData", tlsBody("LMS", enabled: true), local).status == 200)
    }

    @Test("16.1 presents a chain of the on-die authority in set-up, the others a certificate of their own making")
    func ownCertificate() throws {
        for personality in Personality.all {
            let made = try SelfSigned(uuid: "x", now: 0, kind: personality.ownCertificate)
            let served = Device(personality).firmware.servedIdentity(selfSigned: made)
            let chain = try ([served.certificate] + served.issuers).map { try Certificate(derEncoded: $0) }
            guard personality == .amt16 else {
                #expect(chain.count == 1 && chain[0].issuer == chain[0].subject)
                continue
            }
            #expect(chain.count == 4)
            for (child, issuer) in zip(chain, chain.dropFirst()) {
                #expect(issuer.publicKey.isValidSignature(child.signature, for: child))
            }
            #expect("\(chain[0].subject)".contains("CN=iAMT CSME IDevID RCFG"))
            #expect("\(chain[3].subject)".contains("ROM CA"))
            #expect("\(chain[3].issuer)".contains("OU=ODCA 2 CSME P"))
        }
    }
}

@Suite("OpenSSL shakes hands with each generation", .serialized)
struct PersonalityTLSTests {
    @Test("versions and suites are those of the generation", arguments: Personality.all.enumerated().map { $0 })
    func versions(number: Int, personality: Personality) async throws {
        try await withTemporaryFolder { folder in
            try Device.password.write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
            let begun = ["--personality", personality.name, "--provisioned", "\(folder)/password"]
            try await withBench(number: 80 + number, begun) { bench in try await shake(bench, personality) }
        }
    }

    private func shake(_ bench: Bench, _ personality: Personality) async throws {
        var spoken: [String] = []
        for version in ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3"] {
            let shaken = try await bench.openssl(version, "-cipher", "DEFAULT:@SECLEVEL=0")
            if shaken.status == 0 { spoken.append(version) }
        }
        let wanted: [String: [String]] = [
            "7.1": ["-tls1", "-tls1_1"], "9.1": ["-tls1", "-tls1_1"], "11.8": ["-tls1", "-tls1_1"],
            "12.0": ["-tls1_1", "-tls1_2"], "16.1": ["-tls1_2"],
        ]
        #expect(spoken == wanted[personality.name])
        let modern = try await bench.openssl("-cipher", "ECDHE:@SECLEVEL=0")
        #expect((modern.status == 0) == ["12.0", "16.1"].contains(personality.name), "without static RSA")
        let chain = try await bench.openssl("-showcerts", "-cipher", "DEFAULT:@SECLEVEL=0").output
        let count = chain.components(separatedBy: "BEGIN CERTIFICATE").count - 1
        // `-showcerts` prints the whole chain, and without it the leaf again is not printed.
        #expect(count == (personality == .amt16 ? 4 : 1), "\(chain)")
        let plain = try await bench.post(Bench.get, as: .nothing, tls: false)
        #expect(plain.status == (personality == .amt16 ? 0 : 401))
    }
}
