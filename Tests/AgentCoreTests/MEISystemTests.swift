import AMTHI
import AgentCore
import AgentTestKit
import Glibc
import Testing

@Suite("The right one of several MEI devices")
struct MEISystemTests {
    private let hurried = DevicePatience().within(.milliseconds(200))

    /// A system whose first device is a graphics card's, and whose last offers the host interface.
    ///
    /// Nodes are links: `/dev/null` is a device without a host interface, a broken one is a device that is not there.
    private func system(kind: String) throws -> FakeRoot {
        let root = try FakeRoot([
            "sys/devices/pci/0000:00:02.0/x": "", "sys/devices/pci/0000:00:16.0/x": "",
            "sys/devices/pci/0000:00:16.3/x": "",
            "sys/class/mei/mei0/kind": kind, "sys/class/mei/mei1/kind": "mei\n", "sys/class/mei/mei2/kind": "mei\n",
            "sys/bus/mei/devices/0000:00:16.0-12f80028-b4b7-4b2d-aca8-46e0ff65814c/name": "pthi",
            "sys/bus/mei/devices/0000:00:16.3-8e6a6715-9abc-4043-88ef-9e39c6f63e0f/name": "mkhi",
        ])
        try root.link("sys/class/mei/mei0/device", to: "../../../devices/pci/0000:00:02.0")
        try root.link("sys/class/mei/mei1/device", to: "../../../devices/pci/0000:00:16.3")
        try root.link("sys/class/mei/mei2/device", to: "../../../devices/pci/0000:00:16.0")
        return root
    }

    private func fault(_ root: FakeRoot) -> HostInterfaceFault? {
        do throws(HostInterfaceFault) {
            _ = try MEIDevice(
                .probe, patience: hurried, system: MEISystem(sysfs: root.path + "/sys", dev: root.path + "/dev"))
        } catch { return error }
        return nil
    }

    @Test("is the one below whose controller the bus has the host interface, whatever its number")
    func byClient() throws {
        let root = try system(kind: "gscfi\n")
        for name in ["mei0", "mei1", "mei2"] { try root.link("dev/\(name)", to: "/dev/null") }
        // The first that was tried is the one told of.
        #expect(fault(root) == .noHostInterface(device: root.path + "/dev/mei2"))
    }

    @Test("is never one of another kind")
    func kinds() throws {
        let root = try system(kind: "gsc\n")
        try root.link("dev/mei0", to: "/dev/null")
        #expect(fault(root) == .noManagementEngine(device: "/dev/mei0 to /dev/mei3, nor /dev/mei"))
        let older = try system(kind: "mei\n")
        try older.link("dev/mei0", to: "/dev/null")
        #expect(fault(older) == .noHostInterface(device: older.path + "/dev/mei0"))
    }

    @Test("is sought by number where there is no sysfs, up to the old name without one")
    func withoutSysfs() throws {
        for name in ["mei0", "mei3", "mei"] {
            let root = try FakeRoot()
            try root.link("dev/\(name)", to: "/dev/null")
            #expect(fault(root) == .noHostInterface(device: "\(root.path)/dev/\(name)"))
        }
    }
}
