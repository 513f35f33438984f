import CryptoExtras
import Foundation
import LibXML
import SwiftASN1
import Testing
import X509

@testable import AMTSimulator

/// What only the oldest and the newest generations do.
@Suite("The first and the last generations")
struct GenerationTests {
    private static let management = "AMT_PublicKeyManagementService"

    @Test("3.2 makes no key pair and signs no request; a pair and its certificate come from outside")
    func addKeyOnly() throws {
        var device = try Device.provisioned(.amt3)
        #expect(try device.makeKey().fault == "b:ActionNotSupported")
        let pair = try #require(Data(base64Encoded: TestKeys.spareKey))
        let request = try device.nullSignedRequest(handle: 0, key: .init(derRepresentation: pair))
        #expect(try device.sign(request: request, handle: 0).fault == "b:ActionNotSupported")
        let blob = "<h:KeyBlob>\(TestKeys.spareKey)</h:KeyBlob>"
        #expect(try device.invoke(Self.management, "AddKey", blob).status == 0)
        #expect(try device.addCertificates(1).body?["ReturnValue"]?.text == "0")
        _ = try device.create("AMT_TLSCredentialContext", device.contextBody(0))
        let remote = selector("InstanceID", "Intel(r) AMT 802.3 TLS Settings")
        #expect(try device.put("AMT_TLSSettingData", tlsBody("802.3", enabled: true), remote).status == 200)
        #expect(try device.invoke("AMT_SetupAndConfigurationService", "CommitChanges").status == 0)
        let own = try SelfSigned(uuid: "x", now: 0)
        #expect(
            device.firmware.servedIdentity(selfSigned: own).certificate == device.firmware.store.certificates[0]?.der)
        for _ in 1...7 { #expect(try device.invoke(Self.management, "AddKey", blob).status == 0) }
        #expect(try device.invoke(Self.management, "AddKey", blob).status == 23)
    }

    @Test("3.2 has nothing of host-based set-up, neither its class nor the host's commands for it")
    func withoutHostBasedSetUp() throws {
        for personality in Personality.all {
            var device = try Device.provisioned(personality)
            let isOld = personality == .amt3
            let classes = ["IPS_HostBasedSetupService", "IPS_ProvisioningRecordLog"]
            for name in classes {
                #expect((try device.get(name).fault == "b:DestinationUnreachable") == isOld, "\(personality.name)")
            }
            func status(_ command: UInt32, _ data: [UInt8] = []) -> UInt32 {
                let length = UInt32(data.count)
                let message = [1, 1, 0, 0] + HostBytes.word(command) + HostBytes.word(length) + data
                return HostBytes.number(device.firmware.hostInterface(message).first ?? [], at: 12)
            }
            #expect(status(0x0400_006B) == (isOld ? 2051 : 0), "control mode")
            #expect(status(0x0400_0067, [UInt8](repeating: 0, count: 40)) == (isOld ? 2051 : 0), "local account")
            #expect(status(0x0400_005B, [1, 0, 0x61]) == (isOld ? 2051 : 0), "the system's name")
            #expect(status(0x0400_0011) == 0, "the provisioning state")
        }
    }

    @Test("3.2 keeps 23 hashes of roots, the others 24")
    func roots() throws {
        let root = try Authority()
        func count(_ roots: Int, _ personality: Personality) throws -> Int {
            let pem = Bench.pem("CERTIFICATE", try root.der())
            return try Simulation.rootHashes(Array(repeating: pem, count: roots), personality).count
        }
        #expect(try count(20, .amt3) == 23)
        #expect(throws: SimulationFault.self) { try count(21, .amt3) }
        #expect(try count(21, .amt12) == 24)
        #expect(throws: SimulationFault.self) { try count(22, .amt12) }
    }

    @Test("19 commits set-up once the MEBx password is another than the factory's, the others without")
    func mebxPassword() throws {
        for personality in Personality.all {
            var device = Device(personality)
            func commit() throws -> Int? {
                try device.invoke("AMT_SetupAndConfigurationService", "CommitChanges").status
            }
            try device.setAdminPassword()
            try device.rename("pc1", "corp.example.test")
            guard personality == .amt19 else {
                #expect(try commit() == 0, "\(personality.name)")
                continue
            }
            #expect(try commit() == 2057)
            try device.setMEBxPassword()
            #expect(try commit() == 0)
            device.firmware.unprovision(partially: false)
            #expect(device.firmware.hasMEBxPassword, "unprovisioning keeps it")
        }
    }

    @Test("AdminSetup is there from 7.1 to 18, and disabled in 19")
    func adminSetup() throws {
        for personality in Personality.all where personality != .amt3 {
            var device = Device(personality)
            let status = try device.invoke("IPS_HostBasedSetupService", "AdminSetup").status
            #expect(status == (personality == .amt19 ? 4 : 3), "\(personality.name)")
        }
    }

    @Test("a request is signed by SHA-1 up to 16.1, and by SHA-256 and SHA-384 in each generation that signs")
    func requestDigests() throws {
        let digests: [Certificate.SignatureAlgorithm] = [
            .sha1WithRSAEncryption, .sha256WithRSAEncryption, .sha384WithRSAEncryption,
        ]
        let pair = try _RSA.Signing.PrivateKey(
            derRepresentation: try #require(Data(base64Encoded: TestKeys.spareKey)))
        for personality in Personality.all where personality.makesKeys {
            var device = try Device.provisioned(personality)
            let handle = device.firmware.store.add(pair)
            for (number, algorithm) in digests.enumerated() {
                let request = try device.nullSignedRequest(handle: handle, algorithm)
                let reply = try device.sign(request: request, handle: handle, algorithm: number).body
                if number == 0, [.amt18, .amt19].contains(personality) {
                    #expect(reply?["ReturnValue"]?.text == "2066")
                    continue
                }
                let data = try #require(Data(base64Encoded: reply?["SignedCertificateRequest"]?.text ?? ""))
                let signed = try CertificateSigningRequest(derEncoded: Array(data))
                #expect(signed.publicKey.isValidSignature(signed.signature, for: signed), "\(personality.name)")
            }
        }
    }

    @Test("hellos are said, or not where a switch says so")
    func hellos() {
        for says in [true, false] {
            var device = Device(.amt18)
            device.firmware.personality.switches.saysHello = says
            #expect(device.firmware.saysHello == says)
            #expect(device.firmware.admission(tls: true) == .chainForSetUp, "set-up is open all the same")
        }
    }

    @Test("before TLS has a certificate, port 16993 of a managed machine serves, or not where a switch says so")
    func ownCertificate() throws {
        for serves in [true, false] {
            var device = try Device.provisioned(.amt19)
            device.firmware.personality.switches.servesOwnCertificate = serves
            #expect(device.firmware.admission(tls: true) == (serves ? .anyone : .closed))
            device.firmware.committedTLS.remote.enabled = true
            #expect(device.firmware.admission(tls: true) == .anyone)
        }
    }
}
