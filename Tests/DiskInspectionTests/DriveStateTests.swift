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

    /// With these words 128, 82 and 119, and these bits of word 83; the text of ``identities()`` says which bits count.
    static func identity(
        security: UInt8, commands: UInt16, isValid: Bool = true, more: UInt8 = 0, successor: UInt16 = 0
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        bytes[256] = security
        (bytes[164], bytes[165]) = (UInt8(commands & 0xFF), UInt8(commands >> 8))
        bytes[167] = (isValid ? 0x40 : 0) | more
        (bytes[238], bytes[239]) = (UInt8(successor & 0xFF), UInt8(successor >> 8))
        return bytes
    }

    static func verdict(_ state: DriveState, _ device: BlockDevice) -> DiskVerdict {
        var state = state
        if state.namespaces == .refused(ENOTTY) { state.namespaces = .fixed }
        return rule(required: [.lock, .nativeSize], answers: state.answers(for: device)).verdict
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
        // Memory that keeps its content may be locked too.
        let memory = Self.disk("pmem0", place: "/sys/devices/LNXSYSTM:00/ndbus0/region0")
        #expect(Self.verdict(DriveState(opal: .refused(EOPNOTSUPP), identity: nil), memory) == .unknown)
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
        // In a port for external disks.
        for (path, text) in [("block/sde/size", "0"), ("block/sde/removable", "1"), ("devices/ata7/x", "")] {
            let file = URL(filePath: "\(folder.path)/\(path)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/block/sde/device", withDestinationPath: "../../devices/ata7")
        let disks = try #require(BlockDevice.all(sysfs: folder.path))
        #expect(disks.map(\.kernelName) == ["nvme0n1", "sda", "sdc", "sde", "vda"])
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
        // A configuration overlay; an accessible maximum address, with and without the bits that make the word valid.
        #expect(verdict(Self.identity(security: 1, commands: 0, more: 8)) == .unknown)
        #expect(verdict(Self.identity(security: 1, commands: 0, successor: 0x4100)) == .unknown)
        #expect(verdict(Self.identity(security: 1, commands: 0, successor: 0x4000)) == .blank)
        #expect(verdict(Self.identity(security: 1, commands: 0, successor: 0xFFFF)) == .blank)
    }

    @Test("an NVMe drive with a namespace that is not attached is unknown, and one that cannot be asked too")
    func namespaces() {
        func verdict(_ namespaces: Namespaces) -> DiskVerdict {
            var state = DriveState(opal: .refused(EOPNOTSUPP), identity: nil)
            state.namespaces = namespaces
            return rule(required: [.lock, .nativeSize], answers: state.answers(for: Self.nvme)).verdict
        }
        #expect(verdict(.fixed) == .blank)
        #expect(verdict(.listed(attached: [1, 2], allocated: [1, 2])) == .blank)
        #expect(verdict(.listed(attached: [1], allocated: [1, 2])) == .unknown)
        #expect(verdict(.refused(EACCES)) == .unknown)
        #expect(Namespaces.numbers([3, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0]) == [3, 0x201])
    }

    @Test("a drive's own counts are read, of NVMe and of ATA, and damaged ones are none")
    func wear() throws {
        var log = [UInt8](repeating: 0, count: 512)
        // 2,000,000 units of 512,000 bytes, 300 starts, 70,000 hours.
        log.replaceSubrange(48..<51, with: [0x80, 0x84, 0x1E])
        log.replaceSubrange(112..<114, with: [0x2C, 0x01])
        log.replaceSubrange(128..<131, with: [0x70, 0x11, 0x01])
        let nvme = DriveWear(nvme: log)
        #expect(nvme.written == 1_024_000_000_000)
        #expect(nvme.starts == 300 && nvme.hours == 70_000)
        var data = [UInt8](repeating: 0, count: 512)
        data.replaceSubrange(2..<14, with: [9, 0, 0, 100, 100, 0x39, 0x30, 0, 0, 0xAB, 0xCD, 0])
        data.replaceSubrange(14..<26, with: [241, 0, 0, 100, 100, 0, 0, 0, 0x80, 0, 0, 0])
        #expect(DriveWear(ata: data) == nil, "the sum of the bytes is not 0")
        data[511] = 0 &- data.reduce(0, &+)
        let ata = try #require(DriveWear(ata: data))
        #expect(ata.hours == 12_345 && ata.starts == nil)
        #expect(ata.written == 1_099_511_627_776)
        #expect(DriveWear(ata: [UInt8](repeating: 0, count: 512)) == nil, "it counts nothing")
    }

    @Test("how much was written to a drive is shown; it counts, and has to be told, only for who sets a limit")
    func wearAnswer() {
        func verdict(_ wear: DriveWear.Answer, _ device: BlockDevice = Self.nvme, limit: UInt64?) -> DiskVerdict {
            var state = DriveState(opal: .refused(EOPNOTSUPP), identity: nil)
            (state.namespaces, state.wear) = (.fixed, wear)
            let answers = state.answers(for: device, mostWritten: limit)
            return rule(required: limit == nil ? [.lock] : [.lock, .wear], answers: answers).verdict
        }
        var used = DriveWear(nvme: [UInt8](repeating: 0, count: 512))
        used.written = 5_000_000_000_000
        #expect(verdict(.told(used), limit: nil) == .blank)
        #expect(verdict(.told(used), limit: 5_000_000_000_000) == .blank)
        #expect(verdict(.told(used), limit: 4_999_999_999_999) == .unknown)
        #expect(verdict(.refused(EIO), limit: nil) == .blank)
        #expect(verdict(.unreadable, limit: 1) == .unknown)
        used.written = nil
        #expect(verdict(.told(used), limit: 1) == .unknown)
        let virtual = Self.disk("vda", place: "/sys/devices/pci0000:00/0000:00:01.0/virtio0")
        #expect(verdict(.refused(ENOTTY), virtual, limit: 1) == .blank, "such a device counts nothing")
    }

    @Test("a drive that hides behind its controller lets nothing be proved")
    func controllers() throws {
        let folder = try TemporaryFolder()
        func make(_ name: String, _ text: String) throws {
            let place = URL(filePath: "\(folder.path)/bus/pci/devices/\(name)")
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: place)
        }
        func text() -> String {
            guard case .present(let found) = controllersAnswer(disks: [Self.ata], sysfs: folder.path) else { return "" }
            return found.map { "\($0.weight) \($0.text)" }.joined(separator: "\n")
        }
        try make("0000:00:17.0/class", "0x010601\n")
        try make("0000:00:17.0/driver/x", "")
        #expect(text() == "", "a controller may have no drive")
        try make("0000:00:17.0/remapped_nvme", "0\n")
        #expect(text() == "")
        try make("0000:00:17.0/remapped_nvme", "2\n")
        #expect(text() == "unprovable the controller 0000:00:17.0 hides NVMe drives (2): set it to AHCI mode")
        try make("0000:00:17.0/remapped_nvme", "0\n")
        try make("0000:01:00.0/class", "0x010802\n")
        try make("0000:01:00.0/driver/x", "")
        try make("0000:01:00.0/nvme/nvme0/model", "ACME\n")
        #expect(text() == "unprovable the NVMe drive 0000:01:00.0 shows no disk")
        // As a path to a disk with several, it is below the controller, and the disk elsewhere.
        try make("0000:01:00.0/nvme/nvme0/nvme0c0n1/size", "8\n")
        #expect(text() == "unprovable the NVMe drive 0000:01:00.0 shows no disk", "a path that leads to none")
        try make("../../../block/nvme0n1/size", "8\n")
        #expect(text() == "")
        try make("0000:02:00.0/class", "0x080501\n")
        #expect(text() == "unprovable no driver for the storage controller 0000:02:00.0")
    }
}
