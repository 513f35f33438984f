import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("The clients beside the host interface")
struct HostClientTests {
    private static func vectors() throws -> [String: [UInt8]] {
        let object = try JSONSerialization.jsonObject(with: Data(try Vectors.bytes("amt-vectors.json")))
        return try #require(object as? [String: String]).mapValues { bytes($0) }
    }

    private static func firmware(
        _ personality: Personality = .amt16, _ state: SimulatedFirmware.ProvisioningState = .post
    )
        -> SimulatedFirmware
    {
        var firmware = Device(personality).firmware
        firmware.provisioningState = state
        return firmware
    }

    @Test("have the GUIDs that the ioctl carries", .enabled(if: Vectors.arePresent, Vectors.note))
    func guids() throws {
        let vectors = try Self.vectors()
        let names: [HostClient: String] = [
            .hostInterface: "AMTHI", .portForwarding: "LME", .manageability: "WD", .kernelInterface: "MKHI",
            .platformIdentity: "UPID",
        ]
        for client in HostClient.allCases {
            #expect(client.guid == vectors["guid.\(try #require(names[client]))"])
            #expect(HostClient(guid: client.guid) == client)
        }
        #expect(try HostClient(guid: #require(vectors["guid.HOTHAM"])) == nil)
    }

    @Test(
        "tell in one byte whether local ports demand TLS", .enabled(if: Vectors.arePresent, Vectors.note),
        arguments: [(Personality.amt16, "ischange.rsp.notls"), (.amt19, "ischange.rsp.tls")])
    func availability(personality: Personality, answer: String) throws {
        let vectors = try Self.vectors()
        var firmware = Self.firmware(personality)
        #expect(firmware.manageability(try #require(vectors["ischange.req"])) == [try #require(vectors[answer])])
    }

    @Test("TLS that was committed for the host alone is demanded too, unless it may do without")
    func demanded() {
        var firmware = Self.firmware()
        firmware.committedTLS.local = .init(enabled: true)
        #expect(firmware.manageability(bytes("05025110")) == [[0xC2]])
        #expect(firmware.localPorts == [16993, 664])
        firmware.committedTLS.local.acceptsPlain = true
        #expect(firmware.manageability(bytes("05025110")) == [[0x82]])
        #expect(firmware.localPorts == [16992, 623, 16993, 664])
    }

    @Test(
        "AMT goes off and on before set-up alone, and takes its ports with it",
        .enabled(if: Vectors.arePresent, Vectors.note))
    func operationalState() throws {
        let vectors = try Self.vectors()
        var firmware = Self.firmware(.amt16, .pre)
        #expect(firmware.manageability(bytes("05025110")) == [[0x83]])
        #expect(firmware.manageability(bytes("0503531000")) == [bytes("0503531000000000")])
        #expect(firmware.manageability(bytes("05025110")) == [[0x81]])
        #expect(firmware.localPorts.isEmpty && firmware.localAdmission(tls: false) == .closed)
        firmware.provisioningState = .in
        #expect(firmware.admission(tls: true) == .closed)
        firmware.provisioningState = .pre
        #expect(firmware.manageability(try #require(vectors["opstate.req"])) == [try #require(vectors["opstate.rsp"])])
        #expect(firmware.localPorts == [16992, 623])
        firmware.provisioningState = .post
        #expect(firmware.manageability(bytes("0503531000")) == [bytes("0503531010000000")])
        #expect(firmware.localPorts == [16992, 623])
    }

    @Test("older firmware says one thing alone there, and knows no switch")
    func olderManageability() {
        var firmware = Self.firmware(.amt12, .pre)
        #expect(firmware.manageability(bytes("05025110")) == [[1]])
        #expect(firmware.manageability(bytes("0503531000")) == [bytes("0503531089000000")])
        #expect(firmware.manageability(bytes("05025210")) == [bytes("0502521089000000")])
        firmware.provisioningState = .post
        #expect(firmware.manageability(bytes("05025110")) == [[0]])
        var old = Self.firmware(.amt7, .pre)
        #expect(old.manageability(bytes("05025210")) == [bytes("0502521000000000")])
        old.provisioningState = .post
        #expect(old.manageability(bytes("05025210")) == [bytes("050252109e000000")])
        // What is no such message: another version, a wrong count, a stump.
        #expect(old.manageability(bytes("05025111")) == [bytes("0502511189000000")])
        #expect(old.manageability(bytes("05035110")) == [bytes("0503511089000000")])
        #expect(old.manageability(bytes("0502")) == [])
    }

    @Test("MKHI tells the firmware's version in the kernel's layout", .enabled(if: Vectors.arePresent, Vectors.note))
    func version() throws {
        let vectors = try Self.vectors()
        let wanted = try #require(vectors["mkhi.getfwver.rsp"])
        var firmware = Self.firmware()
        (firmware.personality.version, firmware.personality.build) = ("16.1.42", "2872")
        let request = try #require(vectors["mkhi.getfwver.req"])
        let answer = try #require(firmware.kernelInterface(request).first)
        // The vector's factory image is another one.
        #expect(answer.count == wanted.count && answer.prefix(20) == wanted.prefix(20))
    }

    @Test("MKHI tells what the engine can, by rule, and refuses the rest with its own results")
    func capabilities() {
        let firmware = Self.firmware()
        let able = firmware.kernelInterface(bytes("0302000020000000"))
        #expect(able == [bytes("0382000020000000" + "04" + "04003600")])
        #expect(firmware.kernelInterface(bytes("0302000063000000")) == [[3, 0x82, 0, 0x81]])
        #expect(firmware.kernelInterface(bytes("03020000")) == [[3, 0x82, 0, 5]])
        #expect(firmware.kernelInterface(bytes("0a050000")) == [[0x0A, 0x85, 0, 0x8D]])
        #expect(firmware.kernelInterface([3]) == [])
        var off = firmware
        off.host.isOff = true
        #expect(off.kernelInterface(bytes("0302000020000000"))[0][9] == 0, "AMT is not among what is on")
        #expect(off.kernelInterface(bytes("0302000027000000"))[0][9] == 4, "and still among what there could be")
    }

    @Test("UPID gives the platform's identity while it is switched on, the same for life")
    func identity() {
        var firmware = Self.firmware()
        func ask(_ message: String) -> [UInt8] { firmware.platformIdentity(bytes(message), rom: [1, 2, 3])[0] }
        #expect(ask("00050000") == bytes("0005040007000000"))
        #expect(ask("0002010001") == bytes("0002040000000000"))
        let told = ask("00050000")
        #expect(told.count == 76 && told.prefix(12) == bytes("000548000000000001000000")[...])
        // The processor's certificate is what a client binds the TLS chain to.
        #expect(Array(told[44..<64]) == Array(sha256([1, 2, 3]).prefix(20)))
        #expect(ask("00050000") == told)
        #expect(ask("0002010000") == bytes("0002040000000000"))
        #expect(ask("00050000").count == 8)
        #expect(ask("00060000") == bytes("0006040001000000"))
        #expect(ask("0002010002") == bytes("0002040002000000") && ask("00020100") == bytes("0002040002000000"))
        #expect(firmware.platformIdentity([0, 5], rom: nil) == [])
    }

    @Test("are those of the generation, and MKHI alone where there is no AMT")
    func offered() {
        #expect(Self.firmware(.amt12).hostClients == HostClient.allCases.filter { $0 != .platformIdentity })
        #expect(Self.firmware(.amt16).hostClients == HostClient.allCases)
        var firmware = Self.firmware()
        firmware.isInRecovery = true
        #expect(firmware.hostClients == [.kernelInterface])
        #expect(firmware.admission(tls: true) == .closed && firmware.localPorts.isEmpty)
        firmware.isInRecovery = false
        firmware.host.isDisabledInMEBx = true
        #expect(!firmware.hostClients.contains(.hostInterface) && !firmware.hostClients.contains(.portForwarding))
        #expect(firmware.admission(tls: true) == .closed && firmware.localAdmission(tls: false) == .closed)
    }
}
