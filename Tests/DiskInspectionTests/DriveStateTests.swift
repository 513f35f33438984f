import AgentTestKit
import DiskInspection
import Foundation
import Glibc
import Testing

/// What drives say of their locks, made up by the kernel's headers and ATA8-ACS: no such drive was at hand.
@Suite("Drives")
struct DriveStateTests {
    static func disk(_ name: String, place: String) -> BlockDevice {
        var device = BlockDevice(image: "/dev/\(name)")
        device.kernelName = name
        device.place = place
        return device
    }
    static let nvme = disk("nvme0n1", place: "/sys/devices/pci0000:00/0000:01:00.0/nvme/nvme0")
    static let ata = disk("sda", place: "/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0")
    static let usb = disk("sdb", place: "/sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/host4/target4:0:0/4:0:0:0")

    /// With these words 128 and 82; bit 10 of the latter is the host protected area.
    static func identity(security: UInt8, commands: UInt16, isValid: Bool = true) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        bytes[256] = security
        (bytes[164], bytes[165]) = (UInt8(commands & 0xFF), UInt8(commands >> 8))
        bytes[167] = isValid ? 0x40 : 0
        return bytes
    }

    static func verdict(_ state: DriveState, _ device: BlockDevice) -> DiskVerdict {
        rule(required: [.lock, .nativeSize], answers: state.answers(for: device)).verdict
    }

    @Test(
        "an Opal drive is as bad as its flags",
        arguments: [(1, DiskVerdict.blank), (5, .prior), (13, .prior), (0x31, .blank), (0x11, .prior)]
            as [(UInt32, DiskVerdict)])
    func opal(flags: UInt32, expected: DiskVerdict) {
        #expect(Self.verdict(DriveState(opal: .flags(flags), identity: nil), Self.nvme) == expected)
    }

    @Test("a drive that cannot be asked is unknown, one that has no Opal is not")
    func refusals() {
        #expect(Self.verdict(DriveState(opal: .refused(EOPNOTSUPP), identity: nil), Self.nvme) == .blank)
        for number in [ENOTTY, EACCES, EPERM, EIO] {
            #expect(Self.verdict(DriveState(opal: .refused(number), identity: nil), Self.nvme) == .unknown)
        }
        #expect(Self.verdict(DriveState(opal: .refused(EOPNOTSUPP), identity: nil), Self.usb) == .unknown)
        #expect(Self.verdict(DriveState(opal: .flags(13), identity: nil), Self.usb) == .prior)
    }

    @Test("no disk is left out for being removable or without a size; empty readers and hidden paths are")
    func list() throws {
        let folder = try TemporaryFolder()
        let files = [
            ("sda", "size", "1000"), ("sda", "removable", "1"), ("sdb", "size", "0"), ("sdb", "removable", "1"),
            ("sdc", "size", "0"), ("sdc", "removable", "0"), ("nvme0n1", "size", "1000"), ("nvme0c0n1", "size", "1000"),
            ("nvme0c0n1", "hidden", "1"), ("loop0", "size", "8"), ("dm-0", "size", "8"), ("vda", "size", "8"),
            ("vda", "serial", "  a b \n"),
        ]
        for (disk, name, text) in files {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/block/\(disk)", withIntermediateDirectories: true)
            try folder.write("block/\(disk)/\(name)", text)
        }
        let disks = try #require(BlockDevice.all(sysfs: folder.path))
        #expect(disks.map(\.kernelName) == ["nvme0n1", "sda", "sdc", "vda"])
        #expect(disks.last?.serial == "a b")
        #expect(BlockDevice.all(sysfs: "\(folder.path)/none") == nil)
    }

    @Test("an ATA drive with a password is prior, one that could hide a part of itself unknown")
    func identities() {
        func verdict(_ identity: [UInt8]?) -> DiskVerdict {
            Self.verdict(DriveState(opal: .refused(EOPNOTSUPP), identity: identity), Self.ata)
        }
        #expect(verdict(Self.identity(security: 1, commands: 0)) == .blank)
        #expect(verdict(Self.identity(security: 3, commands: 0)) == .prior)
        #expect(verdict(Self.identity(security: 7, commands: 0)) == .prior)
        #expect(verdict(Self.identity(security: 1, commands: 1 << 10)) == .unknown)
        #expect(verdict(Self.identity(security: 1, commands: 0, isValid: false)) == .unknown)
        #expect(verdict(nil) == .unknown)
    }
}
