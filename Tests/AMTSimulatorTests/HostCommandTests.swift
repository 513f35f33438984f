import Crypto
import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("Every command of the host interface")
struct HostCommandTests {
    private static func vectors() throws -> [String: [UInt8]] {
        let object = try JSONSerialization.jsonObject(with: Data(try Vectors.bytes("amt-vectors.json")))
        return try #require(object as? [String: String]).mapValues { bytes($0) }
    }

    /// What a command answers, sent with its length right.
    private static func ask(_ firmware: inout SimulatedFirmware, _ command: HostCommand, _ data: [UInt8] = [])
        -> [UInt8]
    {
        let header = [1, 1, 0, 0] + HostBytes.word(command.rawValue) + HostBytes.word(UInt32(data.count))
        return firmware.hostInterface(header + data, ownCertificate: [1, 2, 3]).first ?? []
    }

    private static func status(
        _ firmware: inout SimulatedFirmware, _ command: HostCommand, _ data: [UInt8] = []
    ) -> UInt32 { HostBytes.number(ask(&firmware, command, data), at: 12) }

    private static func firmware(
        _ state: SimulatedFirmware.ProvisioningState, version: String = "16.1.25"
    ) -> SimulatedFirmware {
        var firmware = SimulatedFirmware(
            personality: .amt12, uuid: bytes(Device.uuid), dnsSuffix: "example.com", trustedRoots: [], seed: 1, now: 0)
        firmware.personality.version = version
        firmware.provisioningState = state
        return firmware
    }

    /// A machine of which the vectors tell.
    private static func toldMachine(_ vectors: [String: [UInt8]]) throws -> SimulatedFirmware {
        var firmware = Self.firmware(.post)
        let hash = Array(try #require(vectors["hashe.rsp"])[24..<56])
        firmware.trustedRoots = [[UInt8](repeating: 0, count: 32), hash, [UInt8](repeating: 1, count: 32)]
        firmware.ipv4 = .init(address: "192.168.10.20", gateway: "192.168.10.1", dns: "192.168.10.2")
        firmware.host.rootNames = ["", "Test Root CA"]
        firmware.host.dnsSuffixes = ["example.com", "example.org"]
        firmware.host.remoteAccess = .init(network: 2, connection: 2, trigger: 3, server: "mps.example.com")
        firmware.host.allowsEmbeddedHostBasedSetUp = true
        firmware.host.lastReset = .init(reason: 1, time: 0x6553_F100)
        firmware.host.setUpServer.address = "192.168.10.5"
        firmware.host.setUpServer.name = "provisionserver.example.com"
        firmware.host.redirection.isSOLOpen = true
        firmware.host.redirection.kvm = 1
        firmware.host.ipv6 = .init(
            router: "fe80::1", addresses: [.init(text: "fe80::cad9:d2ff:fe7a:1e33", type: 0, state: 1)])
        return firmware
    }

    @Test(
        "answers a request with the vector's bytes where the machine is the vector's",
        .enabled(if: Vectors.arePresent, Vectors.note),
        arguments: [
            ("hashh.req", "hashh.rsp"), ("hashe.req", "hashe.rsp"), ("rem.req", "rem.rsp"),
            ("stop.req", "stop.rsp.badmode"), ("amtstate.req", "amtstate.rsp"), ("feat.redir.req", "feat.redir.rsp"),
            ("setent.req", "setent.rsp"), ("ip6.req", "ip6.rsp"),
        ])
    func captured(request: String, answer: String) throws {
        let vectors = try Self.vectors()
        var firmware = try Self.toldMachine(vectors)
        #expect(firmware.hostInterface(try #require(vectors[request])) == [try #require(vectors[answer])])
    }

    @Test(
        "gives the vector's bytes to a request without data", .enabled(if: Vectors.arePresent, Vectors.note),
        arguments: [
            (HostCommand.getEHBCState, "ehbc.rsp"), (.getRedirectionState, "redir.rsp"),
            (.getCurrentPowerPolicy, "power.rsp"), (.getDNSSuffixList, "dnslist.rsp"),
            (.getTcpipParameters, "tcpip.rsp"), (.getConfigServerData, "cfgsrv.rsp"),
            (.getZeroTouchEnabled, "ztc.rsp"), (.getLastHostResetReason, "reset.rsp"),
            (.getUserInitiatedEnabledInterfaces, "userif.rsp"), (.getProvisioningMode, "provmode.rsp"),
            (.getProvisioningState, "provstate.rsp.post"),
        ])
    func readings(command: HostCommand, answer: String) throws {
        let vectors = try Self.vectors()
        var firmware = try Self.toldMachine(vectors)
        #expect(Self.ask(&firmware, command) == vectors[answer])
    }

    @Test("tells KVM's state and what is secured in the vector's bytes", .enabled(if: Vectors.arePresent, Vectors.note))
    func redirection() throws {
        let vectors = try Self.vectors()
        var firmware = try Self.toldMachine(vectors)
        #expect(Self.ask(&firmware, .getFeaturesState, [4, 0, 0, 0]) == vectors["feat.kvm.rsp"])
        firmware.host.redirection.allowsIDER = false
        #expect(Self.ask(&firmware, .getSecurityParameters) == vectors["secpar.rsp"])
    }

    @Test("refuses an argument that names nothing: root, state, feature, interface")
    func nothing() {
        var firmware = Self.firmware(.post)
        firmware.trustedRoots = [[UInt8](repeating: 7, count: 32)]
        #expect(Self.status(&firmware, .getCertificateHashEntry, [0, 0, 0, 0]) == 0)
        #expect(Self.status(&firmware, .getAMTState, [UInt8](repeating: 0, count: 16)) == 36)
        #expect(Self.status(&firmware, .getFeaturesState, [3, 0, 0, 0]) == 0)
        #expect(Self.status(&firmware, .getFeaturesState, [5, 0, 0, 0]) == 36)
        #expect(Self.status(&firmware, .getIPv6LanInterfaceStatus, [0, 0, 0, 0]) == 2500)
        #expect(Self.status(&firmware, .getIPv6LanInterfaceStatus, [2, 0, 0, 0]) == 2501)
    }

    @Test(
        "a handle of no root is refused by the status that the switch says", arguments: Personality.UnknownRoot.allCases
    )
    func unknownRoot(status: Personality.UnknownRoot) {
        var firmware = Self.firmware(.post)
        firmware.trustedRoots = [[UInt8](repeating: 7, count: 32)]
        firmware.personality.switches.unknownRoot = status
        #expect(Self.status(&firmware, .getCertificateHashEntry, [1, 0, 0, 0]) == status.rawValue)
    }

    @Test("tells each root with its own algorithm", arguments: [(20, 1), (32, 2), (48, 3)])
    func algorithms(size: Int, number: UInt8) {
        var firmware = Self.firmware(.pre)
        firmware.trustedRoots = [[UInt8](repeating: 7, count: size)]
        let answer = Self.ask(&firmware, .getCertificateHashEntry, [0, 0, 0, 0])
        #expect(answer[88] == number)
        #expect(answer[24..<88].filter { $0 == 7 }.count == size)
    }

    @Test("takes only as many bytes as the command has", arguments: HostCommand.allCases)
    func lengths(command: HostCommand) {
        var firmware = Self.firmware(.pre, version: command.lastRelease < 16 ? "4.2.0" : "16.1.25")
        let range = command.dataLength
        let wrong = range.upperBound == Int(UInt16.max) ? range.lowerBound - 1 : range.upperBound + 1
        #expect(Self.status(&firmware, command, [UInt8](repeating: 0, count: wrong)) == 4)
        #expect(Self.ask(&firmware, command, [UInt8](repeating: 0, count: range.lowerBound)).count >= 16)
    }

    @Test("knows no command that is younger than its release")
    func releases() {
        var old = Self.firmware(.pre, version: "7.1.91")
        #expect(Self.status(&old, .getEHBCState) == 2051)
        #expect(Self.status(&old, .startConfigurationHBased, [UInt8](repeating: 2, count: 73)) == 2051)
        var middle = Self.firmware(.pre, version: "12.0.67")
        #expect(Self.status(&middle, .getEHBCState) == 0)
        #expect(Self.status(&middle, .startConfigurationHBased, [UInt8](repeating: 2, count: 73)) == 2051)
    }

    @Test(
        "tells of the last set-up in the vector's bytes, and before one of none",
        .enabled(if: Vectors.arePresent, Vectors.note))
    func audit() throws {
        let wanted = try #require(try Self.vectors()["audit.rsp"])
        var firmware = Self.firmware(.post)
        #expect(Self.status(&firmware, .getMESetupAuditRecord) == 2068)
        var audit = SetUpAudit(isSecureDNS: true, serverAddress: "192.168.10.5", serverName: "rps.example.com")
        audit.hash = Array(wanted[29..<61])
        // The vector's time: Monday, 21 September 2026, 12:30.
        audit.time = 1_789_993_800
        firmware.host.setUpAudit = audit
        #expect(Self.ask(&firmware, .getMESetupAuditRecord) == wanted)
        audit.serials = [[1], [2], [3], [UInt8](repeating: 4, count: 20)]
        #expect(Array(audit.bytes[77..<125]).filter { $0 != 0 } == [2, 3] + [UInt8](repeating: 4, count: 16))
        #expect(audit.bytes[125] == 1, "there are more")
    }

    @Test("rare commands: a seed in old firmware, the user's own connection, and AMT that is taken away for good")
    func rare() {
        var old = Self.firmware(.pre, version: "4.2.0")
        #expect(Self.status(&old, .generateRngSeed) == 0)
        #expect(Self.status(&old, .disableAndClearAMT) == 2051)
        var firmware = Self.firmware(.post)
        #expect(Self.status(&firmware, .generateRngSeed) == 2051)
        #expect(Self.status(&firmware, .openUserInitiatedConnection) == 2068)
        firmware.host.remoteAccess.server = "mps.example.com"
        #expect(Self.status(&firmware, .openUserInitiatedConnection) == 0)
        #expect(Self.ask(&firmware, .getRemoteAccessConnectionStatus)[20] == 2)
        #expect(Self.status(&firmware, .closeUserInitiatedConnection) == 0)
        #expect(Self.ask(&firmware, .getRemoteAccessConnectionStatus)[20] == 0)
        #expect(Self.status(&firmware, .disableAndClearAMT) == 3)
        firmware.provisioningState = .pre
        #expect(Self.status(&firmware, .disableAndClearAMT) == 0)
        #expect(!firmware.hostClients.contains(.hostInterface))
    }

    @Test("embedded set-up can be forbidden at any time, and allowed by no program")
    func embedded() {
        var firmware = Self.firmware(.post)
        #expect(Self.status(&firmware, .setEHBCState, [1, 0, 0, 0]) == 3)
        firmware.host.allowsEmbeddedHostBasedSetUp = true
        #expect(Self.status(&firmware, .setEHBCState, [2, 0, 0, 0]) == 36)
        #expect(Self.status(&firmware, .setEHBCState, [0, 0, 0, 0]) == 0)
        #expect(Self.ask(&firmware, .getEHBCState)[16] == 0)
    }
}
