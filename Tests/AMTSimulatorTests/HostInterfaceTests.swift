import Foundation
import LibXML
import TestKit
import Testing

@testable import AMTSimulator

@Suite("The host interface answers with the documented bytes")
struct HostInterfaceTests {
    private static func vectors() throws -> [String: [UInt8]] {
        let object = try JSONSerialization.jsonObject(with: Data(try Vectors.bytes("amt-vectors.json")))
        return try #require(object as? [String: String]).mapValues { bytes($0) }
    }

    /// A firmware in the state that the vectors tell of.
    private static func firmware() -> SimulatedFirmware {
        var personality = Personality.amt12
        personality.biosVersion = "SIMBIOS 1.0"
        var firmware = SimulatedFirmware(
            personality: personality, uuid: bytes("0ce6c781503911cb9bdca97c62bd0756"), dnsSuffix: "dhcp.test",
            trustedRoots: [], seed: 1, now: 0)
        firmware.names.hostName = "pc1"
        firmware.names.domainName = "example.com"
        firmware.names.sharedFQDN = true
        firmware.trustedSuffix = "example.com"
        return firmware
    }

    @Test(
        "to the byte, where the state is the vector's", .enabled(if: Vectors.arePresent, Vectors.note),
        arguments: [
            ("uuid.req", "uuid.rsp"), ("provstate.req", "provstate.rsp.in"), ("pki.req", "pki.rsp"),
            ("sethost.req", "sethost.rsp"), ("lsa.req", "lsa.rsp"), ("ctlmode.req", "ctlmode.rsp.acm"),
            ("fqdn.req", "fqdn.rsp"), ("codever.req", "codever.rsp"),
        ])
    func vectors(request: String, answer: String) throws {
        let all = try Self.vectors()
        let wanted = try #require(all[answer])
        var firmware = Self.firmware()
        firmware.controlMode = 2
        if answer == "lsa.rsp" {
            let password = wanted[49..<82].prefix { $0 != 0 }
            firmware.accounts.osAdminPassword = String(decoding: password, as: UTF8.self)
        }
        if answer == "fqdn.rsp" {
            let numbers = Self.numbers(wanted)
            firmware.names.others["DDNSUpdateEnabled"] = numbers[1] == 1 ? "true" : "false"
            firmware.names.others["DDNSPeriodicUpdateInterval"] = "\(numbers[2])"
            firmware.names.others["DDNSTTL"] = "\(numbers[3])"
        }
        if answer == "codever.rsp" { firmware.personality = Self.personality(wanted) }
        #expect(firmware.hostInterface(try #require(all[request])) == [wanted])
    }

    /// The five words of GetFQDN.
    private static func numbers(_ answer: [UInt8]) -> [UInt32] {
        stride(from: 16, to: 36, by: 4).map { start in
            answer[start..<(start + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    /// The versions that a vector shows, read by the layout of host reference 2.3.
    private static func personality(_ answer: [UInt8]) -> Personality {
        func text(_ start: Int, _ length: Int) -> String {
            String(decoding: answer[start..<(start + length)].prefix { $0 != 0 }, as: UTF8.self)
        }
        var personality = Personality.amt12
        personality.biosVersion = text(16, 65)
        for start in stride(from: 85, to: answer.count - 43, by: 44) {
            switch text(start + 2, 20) {
            case "AMT": personality.version = text(start + 24, 20)
            case "Sku": personality.sku = text(start + 24, 20)
            case "Build Number": personality.build = text(start + 24, 20)
            default: break
            }
        }
        return personality
    }

    @Test("provisioning state goes from 0 over 1 to 2")
    func provisioningState() throws {
        var device = Device()
        func state() -> UInt8? { device.firmware.hostInterface(bytes("010100001100000400000000")).first?[16] }
        #expect(state() == 1)
        device = try Device.provisioned()
        #expect(state() == 2)
        try device.invoke(
            "AMT_SetupAndConfigurationService", "Unprovision", "<h:ProvisioningMode>1</h:ProvisioningMode>")
        #expect(state() == 0)
    }

    @Test("GetProvisioningMode and GetLanInterfaceSettings have their layouts")
    func layouts() {
        var firmware = Self.firmware()
        #expect(
            firmware.hostInterface(bytes("010100000800000400000000")) == [
                bytes("01010000080080040c000000000000000100000000000000")
            ])
        firmware.ipv4.address = "192.168.10.20"
        // Enabled, the address reversed, DHCP and active, link up, the MAC.
        #expect(
            firmware.hostInterface(bytes("01010000480000040400000000000000")) == [
                bytes("01010000480080041800000000000000" + "01000000140aa8c001000000" + "0101" + "027c62bd0756")
            ])
    }

    @Test("the PKI suffix is MEBx's, not DHCP's, and may be empty")
    func emptySuffix() {
        var firmware = Self.firmware()
        firmware.trustedSuffix = ""
        #expect(
            firmware.hostInterface(bytes("010100003600000400000000")) == [
                bytes("010100003600800406000000000000000000")
            ])
    }

    @Test("SetHostFQDN shows as HostOSFQDN and changes no name of the firmware's own", arguments: [true, false])
    func setHostFQDN(countsNUL: Bool) throws {
        var device = try Device.provisioned()
        let name = Array("ws-1.corp.example.test".utf8) + (countsNUL ? [0] : [])
        let data = [UInt8(name.count), 0] + name
        let message = bytes("010100005b000004") + [UInt8(data.count), 0, 0, 0] + data
        #expect(device.firmware.hostInterface(message) == [bytes("010100005b0080040400000000000000")])
        let settings = try device.get("AMT_GeneralSettings").body
        #expect(settings?["HostOSFQDN"]?.text == "ws-1.corp.example.test")
        #expect(settings?["HostName"]?.text == "pc1")
    }

    @Test("a wrong length is status 4, an unknown command 0x803, and a stump is not answered")
    func errors() {
        var firmware = Self.firmware()
        func answer(_ text: String) -> [[UInt8]] { firmware.hostInterface(bytes(text)) }
        let wrong = [bytes("010100005c0080040400000004000000")]
        #expect(answer("010100005c00000401000000") == wrong, "the length says more than there is")
        #expect(answer("010100005c0000040100000000") == wrong, "more than the command takes")
        #expect(answer("010100006700000400000000") == [bytes("01010000670080040400000004000000")])
        #expect(answer("010100009900000400000000") == [bytes("01010000990080040400000003080000")])
        #expect(answer("0101000099") == [])
    }

    @Test("the local system account's answer has 84 bytes and a password of 32 characters")
    func localSystemAccount() {
        var firmware = Self.firmware()
        let request = bytes("010100006700000428000000") + [UInt8](repeating: 0, count: 40)
        let answer = firmware.hostInterface(request)[0]
        #expect(answer.count == 84)
        #expect(String(decoding: answer[16..<26], as: UTF8.self) == "$$OsAdmin\0")
        #expect(answer[49..<82].prefix { $0 != 0 }.count == 32)
    }
}
