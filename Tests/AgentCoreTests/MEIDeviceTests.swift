import AMTHI
import AgentCore
import AgentTestKit
import Glibc
import Testing
import Vocabulary

/// Waits that are short enough for tests; nothing is measured.
private let hurried: DevicePatience = {
    var patience = DevicePatience()
    patience.pause = .milliseconds(1)
    patience.settle = .milliseconds(1)
    patience.answer = .milliseconds(200)
    return patience
}()

@Suite("The device, over a socket")
struct MEIDeviceTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(_ peer: SocketFirmware, patience: DevicePatience = hurried) throws(HostInterfaceFault)
        -> MEIDevice
    {
        try MEIDevice(.socket(peer.path), patience: patience)
    }

    @Test("answers commands, one after the other, on one connection")
    func answers() throws {
        let peer = try SocketFirmware(in: folder)
        defer { peer.stop() }
        var device = try open(peer)
        let facts = try FirmwareFacts.read(.names, from: &device)
        #expect(facts.provisioningState == .post)
        #expect(facts.controlMode == .admin)
        #expect(facts.nameText == "pc1.example.com")
        #expect(peer.connections == 1)
        #expect(peer.firmware.operations == [0x0400_0011, 0x0400_006B, 0x0400_0056])
    }

    @Test("is waited for while another program holds it, and not for ever", arguments: [EBUSY, ENODEV])
    func busy(errno: Int32) throws {
        let peer = try SocketFirmware(in: folder, connecting: Array(repeating: errno, count: 7))
        defer { peer.stop() }
        var device = try open(peer)
        #expect(try device.perform(GetProvisioningState()) == .post)
        #expect(peer.connections == 8)

        let stubborn = try SocketFirmware(in: TemporaryFolder(), connecting: Array(repeating: errno, count: 8))
        defer { stubborn.stop() }
        let fault = try #require(throws: HostInterfaceFault.self) { _ = try open(stubborn) }
        #expect(Failure(fault).code == (errno == EBUSY ? .deviceBusy : .deviceVanished))
    }

    @Test("gives up early when all pauses together would take too long")
    func limited() throws {
        let peer = try SocketFirmware(in: folder, connecting: Array(repeating: EBUSY, count: 8))
        defer { peer.stop() }
        var patience = hurried
        patience.pause = .seconds(3600)
        #expect(throws: HostInterfaceFault.busy(device: peer.device, tries: 1)) {
            _ = try open(peer, patience: patience)
        }
    }

    @Test("that lacks the host interface says so at once, whatever else is wrong says what")
    func refusedConnections() throws {
        let peer = try SocketFirmware(in: folder, connecting: [ENOTTY, ENOTTY, EFAULT, EIO])
        defer { peer.stop() }
        #expect(throws: HostInterfaceFault.noHostInterface(device: peer.device)) { _ = try open(peer) }
        #expect(throws: HostInterfaceFault.silent(seconds: 15)) { _ = try open(peer) }
        let fault = try #require(throws: HostInterfaceFault.self) { _ = try open(peer) }
        #expect(Failure(fault).code == .deviceFailed)
        #expect(peer.connections == 4, "the watchdog client was asked once, whether AMT is switched off")
    }

    @Test("that vanishes is opened anew, and a command that reads is sent again")
    func replay() throws {
        let peer = try SocketFirmware(in: folder) { number, _, _ in number == 2 ? .hangUp : nil }
        defer { peer.stop() }
        var device = try open(peer)
        #expect(try device.perform(GetProvisioningState()) == .post)
        #expect(try device.perform(GetControlMode()) == .admin)
        #expect(peer.connections == 2)
        #expect(peer.requests.count == 3)
    }

    @Test("that vanishes twice in a row is given up")
    func vanishedTwice() throws {
        let peer = try SocketFirmware(in: folder) { _, _, _ in .hangUp }
        defer { peer.stop() }
        var device = try open(peer)
        let fault = capture { () throws(HostInterfaceFault) in _ = try device.perform(GetUUID()) }
        #expect(fault.map { Failure($0).code } == .deviceVanished)
        #expect(peer.requests.count == 2)
    }

    @Test("that vanishes is not told to change anything a second time")
    func noReplayOfChanges() throws {
        let peer = try SocketFirmware(in: folder) { number, _, _ in number == 1 ? .hangUp : nil }
        defer { peer.stop() }
        var device = try open(peer)
        let command = try #require(SetHostFQDN(name: "pc1.example.com"))
        let fault = capture { () throws(HostInterfaceFault) in try device.perform(command) }
        #expect(fault.map { Failure($0).code } == .deviceVanished)
        #expect(peer.requests.count == 1)
        // The next command finds its way by itself.
        try device.perform(command)
        #expect(peer.firmware.hostNames == ["pc1.example.com"])
    }

    @Test("that stays silent is given up at the deadline, and a late answer is not taken for the next one")
    func silent() throws {
        let peer = try SocketFirmware(in: folder) { number, _, _ in number == 1 ? .silence : nil }
        defer { peer.stop() }
        var device = try open(peer)
        let fault = capture { () throws(HostInterfaceFault) in _ = try device.perform(GetUUID()) }
        #expect(fault == .silent(seconds: 0.2))
        #expect(try device.perform(GetControlMode()) == .admin)
        #expect(peer.connections == 2)
    }

    @Test("that answers with nothing has AMT switched off")
    func disabled() throws {
        let peer = try SocketFirmware(in: folder) { _, _, _ in .message([]) }
        defer { peer.stop() }
        var device = try open(peer)
        let fault = capture { () throws(HostInterfaceFault) in _ = try device.perform(GetUUID()) }
        #expect(fault == .amtDisabled)
    }

    @Test("is no device when there is no such node, nobody listens, or it is something else")
    func absent() throws {
        #expect(throws: HostInterfaceFault.noManagementEngine(device: "/nonexistent/mei")) {
            _ = try MEIDevice(.node("/nonexistent/mei"), patience: hurried)
        }
        let peer = try SocketFirmware(in: folder)
        peer.stop()
        #expect(throws: HostInterfaceFault.noHostInterface(device: "/dev/null")) {
            _ = try MEIDevice(.node("/dev/null"), patience: hurried)
        }
        let long = String(repeating: "x", count: 200)
        #expect(throws: HostInterfaceFault.device(errno: ENAMETOOLONG, during: "opening unix:\(long)")) {
            _ = try MEIDevice(.socket(long), patience: hurried)
        }
    }

    @Test("without a host interface is told apart from one in recovery mode by the kernel's word")
    func recovery() throws {
        try folder.write("fw_status", "94000642\n00F10507\n")
        let node = folder.path + "/null"
        #expect(symlink("/dev/null", node) == 0)
        let sysfs = try TemporaryFolder()
        #expect(mkdir(sysfs.path + "/class", 0o700) == 0 && mkdir(sysfs.path + "/class/mei", 0o700) == 0)
        #expect(symlink(folder.path, sysfs.path + "/class/mei/null") == 0)
        #expect(throws: HostInterfaceFault.recoveryMode(device: node)) {
            _ = try MEIDevice(.node(node), patience: hurried, system: MEISystem(sysfs: sysfs.path))
        }
        try folder.write("fw_status", "A0000245\n00F10500\n")
        #expect(throws: HostInterfaceFault.noHostInterface(device: node)) {
            _ = try MEIDevice(.node(node), patience: hurried, system: MEISystem(sysfs: sysfs.path))
        }
    }

    @Test("is addressed by a path, or by unix: and a path")
    func addresses() {
        #expect(DeviceAddress(argument: "/dev/mei1") == .node("/dev/mei1"))
        #expect(DeviceAddress(argument: "unix:/run/x") == .socket("/run/x"))
        #expect(DeviceAddress(argument: "") == nil)
        #expect(DeviceAddress(argument: "unix:") == nil)
    }

    /// What the work throws; a device cannot be captured by the macro that would say so.
    private func capture(_ work: () throws(HostInterfaceFault) -> Void) -> HostInterfaceFault? {
        do throws(HostInterfaceFault) { try work() } catch { return error }
        return nil
    }
}
