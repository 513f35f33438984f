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
    private static let withoutPlain: [Personality] = [.amt16, .amt18, .amt19]
    private static let onDie: [Personality] = [.amt15, .amt16, .amt18, .amt19]

    @Test("the names that can be chosen are nine, from 3.2 to 19")
    func names() {
        let names = ["3.2", "7.1", "9.1", "11.8", "12.0", "15.0", "16.1", "18", "19"]
        #expect(Personality.all.map(\.name) == names)
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

    @Test("a root is in the hello by SHA-1 in 3.2, by SHA-256 too up to 9.1, and by SHA-256 alone from 11.8 on")
    func hashes() throws {
        let authority = try Authority()
        let pem = Bench.pem("CERTIFICATE", try authority.der())
        for personality in Personality.all {
            let hashes = try Simulation.rootHashes([pem], personality)
            let isOld = Self.old.contains(personality)
            let lengths = personality == .amt3 ? [20, 20] : isOld ? [20, 32] : [32, 32]
            #expect(hashes.map(\.count).prefix(2) == lengths[...], "\(personality.name)")
            let hello = Device(personality, roots: hashes).firmware.hello(retry: 0)
            #expect(Int(hello[24]) == hashes.count)
            #expect(Array(hello[25..<27]) == (lengths[0] == 20 ? [1, 20] : [2, 32]))
            let leaf = try authority.issue().certificate
            // By any digest of the table the root is known.
            var firmware = Device(personality, roots: [hashes[0]]).firmware
            #expect(firmware.refusal(of: [leaf, try authority.der()]) == nil, "\(personality.name)")
            firmware.trustedRoots = [Personality.RootHash.sha384.digest(try authority.der())]
            #expect(firmware.hello(retry: 0)[25...].prefix(2) == [3, 48])
            #expect(firmware.refusal(of: [leaf, try authority.der()]) == nil)
        }
    }

    @Test("from 15.0 on SHA-1 in a chain is refused, where those before take it")
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
            #expect(
                refusal?.contains("SHA-1") == (Self.onDie.contains(personality) ? true : nil), "\(personality.name)")
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

    @Test("properties that came later than 12.0 are in the answers of 15.0 or 16.1 and later alone")
    func properties() throws {
        for personality in Personality.all {
            var device = try Device.provisioned(personality)
            let settings = try device.get("AMT_GeneralSettings").body
            let isNew = Self.withoutPlain.contains(personality)
            #expect(settings?["DHCPSyncRequiresHostname"]?.text == (isNew ? "1" : nil), "\(personality.name)")
            #expect(settings?["ThunderboltDockEnabled"]?.text == (isNew ? "0" : nil))
            let ports = try device.items("AMT_EthernetPortSettings").map { $0["PhysicalConnectionType"]?.text }
            #expect(ports == (Self.onDie.contains(personality) ? ["0", "3"] : [nil, nil]))
            let synced = try device.items("AMT_EthernetPortSettings").first?["IpSyncEnabled"]?.text
            #expect(synced == (personality == .amt3 ? nil : "true"))
            let tls = try device.items("AMT_TLSSettingData").map { $0["NonSecureConnectionsSupported"]?.text }
            #expect(tls == (isNew ? ["false", personality == .amt19 ? "false" : "true"] : [nil, nil]))
        }
    }

    @Test("from 16.1 on nothing is served without TLS to the network, and it is not to be switched on")
    func plainPorts() throws {
        let remote = selector("InstanceID", "Intel(r) AMT 802.3 TLS Settings")
        for personality in Personality.all {
            var device = try Device.provisioned(personality)
            let isClosed = Self.withoutPlain.contains(personality)
            #expect(device.firmware.admission(tls: false) == (isClosed ? .closed : .anyone))
            #expect(device.firmware.admission(tls: true) == .anyone)
            let body = tlsBody("802.3", enabled: true, plain: true)
            let reply = try device.put("AMT_TLSSettingData", body, remote)
            #expect((reply.fault == "e:InternalError") == isClosed, "\(reply.text)")
            let local = selector("InstanceID", "Intel(r) AMT LMS TLS Settings")
            let taken = try device.put("AMT_TLSSettingData", tlsBody("LMS", enabled: true, plain: true), local)
            #expect((taken.status == 200) == (personality != .amt19), "from the host it goes up to 18")
        }
    }

    @Test("where TLS is needed from the host too, its own settings cannot do without either")
    func hostNeedsTLS() throws {
        var device = try Device.provisioned(.amt19)
        let local = selector("InstanceID", "Intel(r) AMT LMS TLS Settings")
        let refused = try device.put("AMT_TLSSettingData", tlsBody("LMS", enabled: true, plain: true), local)
        #expect(refused.fault == "e:InternalError")
        #expect(try device.put("AMT_TLSSettingData", tlsBody("LMS", enabled: true), local).status == 200)
    }

    @Test("from 15.0 on set-up presents a chain of the on-die authority, before a certificate of its own making")
    func ownCertificate() throws {
        for personality in Personality.all {
            let made = try SelfSigned(uuid: "x", now: 0, kind: personality.ownCertificate)
            let served = Device(personality).firmware.servedIdentity(selfSigned: made)
            let chain = try ([served.certificate] + served.issuers).map { try Certificate(derEncoded: $0) }
            guard Self.onDie.contains(personality) else {
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

    @Test("TLS 1.3 is spoken where the switch says so")
    func newest() async throws {
        try await withTemporaryFolder { folder in
            try Device.password.write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
            let begun = ["--personality", "18", "--provisioned", "\(folder)/password", "--tls13"]
            try await withBench(number: 89, begun) { bench in
                let newest = try await bench.openssl("-tls1_3").status
                let older = try await bench.openssl("-tls1_2").status
                #expect(newest == 0 && older == 0)
            }
        }
    }

    private func shake(_ bench: Bench, _ personality: Personality) async throws {
        var spoken: [String] = []
        for version in ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3"] {
            let shaken = try await bench.openssl(version, "-cipher", "DEFAULT:@SECLEVEL=0")
            if shaken.status == 0 { spoken.append(version) }
        }
        let wanted: [String: [String]] = [
            "3.2": ["-tls1"], "7.1": ["-tls1", "-tls1_1"], "9.1": ["-tls1", "-tls1_1"],
            "11.8": ["-tls1", "-tls1_1"], "12.0": ["-tls1_1", "-tls1_2"],
        ]
        #expect(spoken == wanted[personality.name, default: ["-tls1_2"]])
        let modern = try await bench.openssl("-cipher", "ECDHE:@SECLEVEL=0")
        #expect((modern.status == 0) == (personality.tls.suites == nil), "without static RSA")
        let chain = try await bench.openssl("-showcerts", "-cipher", "DEFAULT:@SECLEVEL=0").output
        let count = chain.components(separatedBy: "BEGIN CERTIFICATE").count - 1
        // `-showcerts` prints the whole chain, and without it the leaf again is not printed.
        #expect(count == (personality.ownCertificate == .onDie ? 4 : 1), "\(chain)")
        let plain = try await bench.post(Bench.get, as: .nothing, tls: false)
        #expect(plain.status == (personality.servesPlain ? 401 : 0))
    }
}
