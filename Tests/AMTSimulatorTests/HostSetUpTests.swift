import Crypto
import Foundation
import LibXML
import TestKit
import Testing

@testable import AMTSimulator

@Suite("The host starts, stops and takes back set-up")
struct HostSetUpTests {
    private static func status(
        _ device: inout Device, _ command: HostCommand, _ data: [UInt8] = [], own: [UInt8]? = [1, 2, 3]
    ) -> UInt32 {
        let header = [1, 1, 0, 0] + HostBytes.word(command.rawValue) + HostBytes.word(UInt32(data.count))
        return HostBytes.number(device.firmware.hostInterface(header + data, ownCertificate: own).first ?? [], at: 12)
    }

    @Test(
        "starting leads from before set-up into it, with the hello; another start and a set-up machine are refused",
        arguments: [(HostCommand.startConfiguration, [UInt8]()), (.startConfigurationEx, [0, 0, 0, 0])])
    func start(command: HostCommand, data: [UInt8]) throws {
        var device = Device()
        device.firmware.provisioningState = .pre
        #expect(!device.firmware.saysHello && device.firmware.admission(tls: true) == .closed)
        let commits = device.firmware.commits
        #expect(Self.status(&device, command, data) == 0)
        #expect(device.firmware.provisioningState == .in)
        #expect(device.firmware.saysHello && device.firmware.admission(tls: true) == .chainForSetUp)
        #expect(device.firmware.commits == commits + 1, "the shell learns of it")
        #expect(Self.status(&device, command, data) == 3)
        device = try Device.provisioned()
        #expect(Self.status(&device, command, data) == 3)
    }

    @Test("starting without any suffix is not ready")
    func notReady() {
        var device = Device(suffix: "")
        device.firmware.provisioningState = .pre
        #expect(Self.status(&device, .startConfigurationEx, [0, 0, 0, 0]) == 2)
        device.firmware.trustedSuffix = "corp.example.test"
        #expect(Self.status(&device, .startConfigurationEx, [0, 0, 0, 0]) == 0)
    }

    @Test("stopping leads out of set-up and loses what was not committed; elsewhere it is refused")
    func stop() throws {
        var device = Device()
        try device.rename("half", "done.example.test")
        #expect(Self.status(&device, .stopConfiguration) == 0)
        #expect(device.firmware.provisioningState == .pre && !device.firmware.saysHello)
        #expect(device.firmware.names.hostName == "")
        #expect(Self.status(&device, .stopConfiguration) == 3)
        device = try Device.provisioned()
        #expect(Self.status(&device, .stopConfiguration) == 3)
    }

    @Test("Unprovision takes back client control mode without a password, whatever mode it names", arguments: [0, 1])
    func unprovision(mode: UInt8) throws {
        var device = try Device.provisioned()
        device.firmware.controlMode = 1
        #expect(Self.status(&device, .unprovision, [mode, 0, 0, 0]) == 0)
        #expect(device.firmware.provisioningState == .pre && device.firmware.controlMode == 0)
        #expect(device.firmware.names.hostName == "" && device.firmware.accounts.adminA1 == nil)
    }

    @Test(
        "Unprovision is refused in admin control mode and before set-up, by the status that the switch says",
        arguments: Personality.UnprovisionRefusal.allCases)
    func unprovisionRefused(refusal: Personality.UnprovisionRefusal) throws {
        var device = try Device.provisioned { $0.personality.switches.hostUnprovisionRefusal = refusal }
        #expect(Self.status(&device, .unprovision, [0, 0, 0, 0]) == refusal.rawValue)
        #expect(device.firmware.provisioningState == .post && device.firmware.names.hostName == "pc1")
        device = Device()
        device.firmware.personality.switches.hostUnprovisionRefusal = refusal
        device.firmware.provisioningState = .pre
        #expect(Self.status(&device, .unprovision, [0, 0, 0, 0]) == refusal.rawValue)
    }

    @Test("the one-time password is read over WS-Management in set-up, and gone after unprovisioning")
    func otp() throws {
        var device = Device()
        device.firmware.provisioningState = .pre
        let otp = Array("12345678".utf8)
        #expect(Self.status(&device, .setProvisioningServerOTP, [8, 0] + otp) == 0)
        #expect(Self.status(&device, .startConfigurationEx, [0, 0, 0, 0]) == 0)
        func shown() throws -> [UInt8] {
            let body = try device.get("AMT_SetupAndConfigurationService").body
            return Array(try #require(Data(base64Encoded: body?["ProvisioningServerOTP"]?.text ?? "")))
        }
        #expect(try shown() == otp + [UInt8](repeating: 0, count: 24))
        #expect(Self.status(&device, .setProvisioningServerOTP, [7, 0] + otp.dropLast()) == 36, "too short")
        #expect(Self.status(&device, .setProvisioningServerOTP, [9, 0] + otp) == 4, "its count is wrong")
        #expect(Self.status(&device, .stopConfiguration) == 0)
        #expect(device.firmware.host.otp == [])
        device = try Device.provisioned()
        #expect(Self.status(&device, .setProvisioningServerOTP, [8, 0] + otp) == 3)
    }

    @Test("the PKI suffix is set before set-up only, and read again")
    func suffix() throws {
        var device = Device()
        let data = [4, 0] + Array("a.io".utf8)
        #expect(Self.status(&device, .setPkiFQDNSuffix, data) == 3)
        device.firmware.provisioningState = .pre
        #expect(Self.status(&device, .setPkiFQDNSuffix, [224, 0] + [UInt8](repeating: 0x61, count: 224)) == 36)
        #expect(Self.status(&device, .setPkiFQDNSuffix, data) == 0)
        #expect(device.firmware.hostInterface(bytes("010100003600000400000000")).first?.suffix(6) == data[...])
    }

    @Test(
        "host-based set-up is announced with either hash; no port opens and no hello is said",
        arguments: [UInt8(2), 3])
    func hostBased(algorithm: UInt8) {
        var device = Device()
        device.firmware.personality.version = "16.1.25"
        device.firmware.provisioningState = .pre
        let own: [UInt8] = [0x30, 0x03, 1, 2, 3]
        let leaf = [UInt8](1...64)
        let data = [algorithm] + leaf + [UInt8](repeating: 0, count: 8)
        let message = [1, 1, 0, 0] + HostBytes.word(0x0400_008B) + HostBytes.word(UInt32(data.count)) + data
        let hash = algorithm == 2 ? Array(SHA256.hash(data: own)) : Array(SHA384.hash(data: own))
        let answer = device.firmware.hostInterface(message, ownCertificate: own)[0]
        #expect(answer.count == 81 && answer[16] == algorithm)
        #expect(Array(answer[17...]) == hash + [UInt8](repeating: 0, count: 64 - hash.count))
        #expect(device.firmware.provisioningState == .in)
        #expect(device.firmware.host.announcedLeaf == Array(leaf.prefix(hash.count)))
        #expect(!device.firmware.saysHello && device.firmware.admission(tls: true) == .closed)
        #expect(Self.status(&device, .stopConfiguration) == 0)
        #expect(device.firmware.host.announcedLeaf == nil)
    }

    @Test(
        "host-based set-up takes the longer request of another client, and no hash but two",
        .enabled(if: Vectors.arePresent, Vectors.note))
    func hostBasedVector() throws {
        let object = try JSONSerialization.jsonObject(with: Data(try Vectors.bytes("amt-vectors.json")))
        let vectors = try #require(object as? [String: String]).mapValues { bytes($0) }
        var device = Device()
        device.firmware.personality.version = "16.1.25"
        device.firmware.provisioningState = .pre
        let request = try #require(vectors["hbased.req.rpc"])
        let wanted = try #require(vectors["hbased.rsp"])
        for wrong: UInt8 in [0, 1, 4, 5] {
            var other = request
            other[12] = wrong
            #expect(device.firmware.hostInterface(other, ownCertificate: [1]).first?[12] == 36)
        }
        #expect(device.firmware.hostInterface(request).first?[12] == 1, "no certificate of its own")
        let answer = try #require(device.firmware.hostInterface(request, ownCertificate: [1]).first)
        #expect(answer.count == wanted.count && answer.prefix(17) == wanted.prefix(17))
        #expect(device.firmware.host.announcedLeaf == Array(request[13..<45]))
    }
}
