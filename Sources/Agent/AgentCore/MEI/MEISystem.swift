package import AMTHI
import Glibc

/// Where the kernel tells of its MEI devices, and where their nodes are.
package struct MEISystem: Hashable, Sendable {
    package var sysfs: String
    package var dev: String

    package init(sysfs: String = "/sys", dev: String = "/dev") {
        self.sysfs = sysfs
        self.dev = dev
    }

    /// The host interface's GUID as sysfs writes it.
    private static let hostInterface = "12f80028-b4b7-4b2d-aca8-46e0ff65814c"

    /// The nodes that may offer the host interface, the likeliest first.
    ///
    /// Those of another kind are left out: a graphics card's controller takes a number too (attribute `kind`, since Linux
    /// 5.8). First come those below whose parent the bus has the host interface's client
    /// (`/sys/bus/mei/devices/<pci>-<guid>`). Without sysfs the numbers are tried as Intel LMS and rpc-go do.
    var nodes: [String] {
        let folder = sysfs + "/class/mei"
        let known = names(in: folder).filter { $0.hasPrefix("mei") }
        guard !known.isEmpty else { return (0...3).map { "\(dev)/mei\($0)" } + ["\(dev)/mei"] }
        let clients = names(in: sysfs + "/bus/mei/devices").filter { $0.hasSuffix("-" + Self.hostInterface) }
        let parents = Set(clients.map { $0.dropLast(Self.hostInterface.utf8.count + 1) })
        let fitting = known.filter { (firstLine(ofFile: "\(folder)/\($0)/kind") ?? "mei") == "mei" }
        func offers(_ name: String) -> Bool {
            guard let parent = target(of: "\(folder)/\(name)/device")?.split(separator: "/").last else { return false }
            return parents.contains(parent)
        }
        return (fitting.filter(offers) + fitting.filter { !offers($0) }).map { "\(dev)/\($0)" }
    }

    private func target(of link: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes -> Int in
            guard let text = bytes.bindMemory(to: CChar.self).baseAddress else { return -1 }
            return readlink(link, text, bytes.count)
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}

/// Asks the firmware for the address of its wired interface, on an open of its own.
package func readFirmwareMAC(
    at address: DeviceAddress, patience: DevicePatience, system: MEISystem
) -> Result<MACAddress, HostInterfaceFault> {
    Result { () throws(HostInterfaceFault) in
        var device = try MEIDevice(address, patience: patience, system: system)
        return try device.perform(GetLanInterfaceSettings()).address
    }
}
