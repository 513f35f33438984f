import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("How long set-up stays open")
struct SetUpPeriodTests {
    private static let start = bytes("01010000620000040400000000000000")
    private static let stop = bytes("010100005e00000400000000")

    private static func status(_ device: inout Device, _ message: [UInt8]) -> UInt32 {
        HostBytes.number(device.firmware.hostInterface(message).first ?? [], at: 12)
    }

    /// Whether set-up is open so many hours from now, and says hello.
    private static func isOpen(_ device: Device, in hours: Double) -> Bool {
        var firmware = device.firmware
        firmware.now += hours * 3600
        let isOpen = firmware.admission(tls: true) == .chainForSetUp
        #expect(firmware.saysHello == isOpen)
        return isOpen
    }

    @Test("the first time 24 hours, or as many as the switch says", arguments: [24.0, 255])
    func first(hours: Double) {
        var personality = Personality.amt12
        personality.switches.firstSetUpHours = hours
        let device = Device(personality)
        #expect(Self.isOpen(device, in: hours - 0.01))
        #expect(!Self.isOpen(device, in: hours))
    }

    @Test("six hours after partial unprovisioning, and after the host has started it")
    func later() throws {
        var device = try Device.provisioned()
        device.firmware.unprovision(partially: true)
        #expect(Self.isOpen(device, in: 5.99) && !Self.isOpen(device, in: 6))
        device = Device()
        device.firmware.provisioningState = .pre
        #expect(Self.status(&device, Self.start) == 0)
        #expect(Self.isOpen(device, in: 5.99) && !Self.isOpen(device, in: 6))
    }

    @Test("a set-up that has closed is stopped no more, and the host opens it anew with hellos of its own")
    func closed() throws {
        var device = Device()
        #expect(device.firmware.setUpPeriods == 0)
        #expect(Self.status(&device, Self.start) == 3, "still open")
        device.firmware.now += 24 * 3600
        #expect(Self.status(&device, Self.stop) == 3)
        #expect(Self.status(&device, bytes("010100002f00000406000000") + [4, 0] + Array("a.io".utf8)) == 0)
        #expect(Self.status(&device, Self.start) == 0)
        #expect(device.firmware.setUpPeriods == 1 && Self.isOpen(device, in: 5.99) && !Self.isOpen(device, in: 6))
    }

    @Test("starting set-up opens what a server had closed by an extension of no hours")
    func startsAgain() throws {
        var device = Device()
        let none = "<h:Duration>0</h:Duration>"
        #expect(try device.invoke("AMT_SetupAndConfigurationService", "ExtendProvisioningPeriod", none).status == 0)
        #expect(!Self.isOpen(device, in: 0))
        #expect(Self.status(&device, Self.start) == 0)
        #expect(Self.isOpen(device, in: 0))
    }

    @Test(
        "a power cut after partial unprovisioning gives back the admin and the names that it kept, or loses them",
        arguments: [true, false])
    func powerCut(survives: Bool) throws {
        var device = try Device.provisioned { $0.personality.switches.partialSurvivesPowerCut = survives }
        device.firmware.unprovision(partially: true)
        try device.rename("other", "corp.example.test")
        device.firmware.powerCut()
        #expect(device.firmware.names.hostName == (survives ? "pc1" : ""))
        #expect((device.firmware.accounts.adminA1 != nil) == survives)
    }

    @Test("one-time password, redirection, MEBx password, shared key and the end of set-up are kept on disk")
    func kept() async throws {
        try await withTemporaryFolder { folder in
            var device = Device(.amt9)
            device.firmware.oneTimePassword = Array("one-time".utf8)
            device.firmware.redirection.state = 32768
            device.firmware.host.mebxPassword = [1]
            let key = try SharedKey(pid: "0000-037M", pps: "NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XJ")
            device.firmware.take(key, adminPassword: Device.password)
            device.firmware.setUpEnds = 5
            let state = try StateFolder(folder) { Issue.record("\($0)") }
            let host = FirmwareHost(
                device.firmware, identity: OwnIdentity { try SelfSigned(uuid: "x", now: 0) }, keys: KeyPool(size: 0),
                log: nil, clock: { 0 })
            state.keep(host)
            _ = host.answer(Self.start, of: .hostInterface)
            var restored = Device(.amt9, seed: 7).firmware
            try state.restore(&restored)
            #expect(restored.oneTimePassword == Array("one-time".utf8))
            #expect(restored.redirection.state == 32768 && restored.hasMEBxPassword)
            #expect(restored.sharedKey == key && restored.accounts.adminA1 == device.firmware.accounts.adminA1)
            #expect(restored.setUpEnds == 5)
        }
    }
}
