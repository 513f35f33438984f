import AgentTestKit
import DiskInspection
import DiskTestKit
import Testing

/// What the tools of the field make is recognised, on the whole disk and in a partition, and after its front was wiped.
@Suite("Signatures")
struct SignatureTests {
    static let mebi: UInt64 = 1 << 20

    /// A maker, the type that libblkid gives, and how it is called.
    struct Kind: Sendable, CustomStringConvertible {
        var tool: String
        var type: String
        var arguments: [String]
        var description: String { type }

        init(_ tool: String, _ type: String, _ arguments: String...) {
            self.tool = tool
            self.type = type
            self.arguments = arguments
        }
    }

    static let kinds = [
        Kind("mkfs.ext2", "ext2", "-q", "-F"), Kind("mkfs.ext3", "ext3", "-q", "-F"),
        Kind("mkfs.ext4", "ext4", "-q", "-F"), Kind("mkfs.xfs", "xfs", "-q"), Kind("mkfs.btrfs", "btrfs", "-q"),
        Kind("mkfs.f2fs", "f2fs", "-q"), Kind("mkfs.vfat", "vfat", "-F", "32"), Kind("mkfs.exfat", "exfat"),
        Kind("mkntfs", "ntfs", "-q", "-F"), Kind("mkswap", "swap"), Kind("make-bcache", "bcache", "-B"),
    ]

    @Test(
        "a volume on the whole disk, in a partition, and one whose first MiB is wiped is a prior installation",
        arguments: kinds)
    func volumes(kind: Kind) async throws {
        guard Tool.areThere(kind.tool) else {
            print("\(kind.type) \(Tool.note)")
            return
        }
        let image = try Image(320 * Self.mebi)
        try await Tool(kind.tool).run(kind.arguments + [image.path])
        let report = try image.examine()
        #expect(report.ruling.verdict == .prior, "\(report.ruling.reasons)")
        #expect(report.volumes.contains { $0.type == kind.type }, "\(report.volumes)")

        if Tool.areThere("sgdisk") {
            let disk = try Image(400 * Self.mebi)
            try await Tool("sgdisk").run(["-o", "-n1:8192:+330M", "-t1:0700", disk.path])
            try await disk.place(image, at: 4 * Self.mebi)
            let inPartition = try disk.examine()
            #expect(inPartition.ruling.verdict == .prior)
            #expect(inPartition.volumes.contains { $0.type == kind.type && $0.offset == 4 * Self.mebi })
        }

        try image.fill(0, 0..<Self.mebi)
        let wiped = try image.examine(quick: true)
        // Swap, bcache and an empty FAT keep nothing behind their first MiB.
        let keepsNothing = ["swap", "bcache", "vfat"].contains(kind.type)
        #expect(keepsNothing ? wiped.ruling.verdict == .blank : wiped.ruling.verdict >= .unknown)
    }

    @Test(
        "LUKS1 and LUKS2 are encrypted volumes", .enabled(if: Tool.areThere("cryptsetup"), Tool.note),
        arguments: ["luks1", "luks2"])
    func encrypted(version: String) async throws {
        let image = try Image(64 * Self.mebi)
        let key = try image.folder.write("key", "a test's key")
        try await Tool("cryptsetup").run([
            "luksFormat", "--type", version, "--batch-mode", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
            "--key-file", key, image.path,
        ])
        let report = try image.examine()
        #expect(report.ruling.verdict == .prior)
        #expect(report.evidence.contains { $0.indicator == .encryptedVolume })
    }

    /// Bytes as they stand on disk, where the tools need a kernel that makes devices; places from section 1.7 of the reference.
    static let handMade: [(name: String, place: UInt64, bytes: [UInt8], indicator: Indicator)] = [
        ("BitLocker", 0, [0xEB, 0x58, 0x90] + Array("-FVE-FS-".utf8), .bitLocker),
        ("LVM2", 512, Array("LABELONE".utf8) + [1, 0, 0, 0, 0, 0, 0, 0], .volumeManager),
        ("MD 1.2", 4096, [0xFC, 0x4E, 0x2B, 0xA9, 1, 0, 0, 0], .softwareArray),
        ("MD 1.0", 64 * mebi - 8192, [0xFC, 0x4E, 0x2B, 0xA9, 1, 0, 0, 0], .softwareArray),
        ("MD 0.90", 64 * mebi - 65536, [0xFC, 0x4E, 0x2B, 0xA9, 0, 0, 0, 0], .softwareArray),
        ("APFS", 32, Array("NXSB".utf8), .appleVolume),
        ("HFS+", 1024, Array("H+".utf8) + [0, 4], .appleVolume),
        ("ZFS", 128 << 10, [0x0C, 0xB1, 0xBA, 0, 0, 0, 0, 0], .storageProduct),
        ("ZFS at the end", 64 * mebi - (256 << 10) + (128 << 10), [0x0C, 0xB1, 0xBA, 0, 0, 0, 0, 0], .storageProduct),
        ("VMFS", mebi, [0x0D, 0xD0, 0x01, 0xC0], .storageProduct),
        ("LDM", 3072, Array("PRIVHEAD".utf8), .windowsPool),
        ("ReFS", 3, Array("ReFS".utf8) + [0, 0, 0, 0], .otherVolume),
        ("ISO 9660", 32769, Array("CD001".utf8), .opticalImage),
    ]

    @Test(
        "what pvcreate makes is a volume manager's",
        .enabled(if: LoopDevice.isPossible && Tool.areThere("pvcreate"), LoopDevice.note))
    func physicalVolume() async throws {
        let image = try Image(64 * Self.mebi)
        try await LoopDevice.with(image) { device in
            try await Tool("pvcreate").run([
                "-q", "-ff", "-y", "--config", #"devices{use_devicesfile=0 filter=["a|^\#(device)$|","r|.*|"]}"#,
                device,
            ])
        }
        let report = try image.examine()
        #expect(report.ruling.verdict == .prior)
        #expect(report.evidence.contains { $0.indicator == .volumeManager })
    }

    @Test(
        "a partition's type alone tells of pools, arrays and other systems",
        .enabled(if: Tool.areThere("sgdisk"), Tool.note),
        arguments: [
            ("5808C8AA-7E8F-42E0-85D2-E1E90434CFB3", "dynamic disk"),
            ("E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D", "Storage"),
            ("AA31E02A-400F-11DB-9590-000C2911D1B8", "VMFS"), ("0FC63DAF-8483-4772-8E79-3D69D8477DE4", "Linux data"),
            ("A19D880F-05FC-4D3B-A006-743F0F84911E", "RAID"), ("E6D6D379-F507-44C2-A23C-238F2A3DF928", "LVM"),
            ("7C3457EF-0000-11AA-AA11-00306543ECAC", "APFS"), ("48465300-0000-11AA-AA11-00306543ECAC", "HFS+"),
            ("CA7D7CCB-63ED-4C53-861C-1742536059CC", "LUKS"), ("6A898CC3-1DD2-11B2-99A6-080020736631", "ZFS"),
        ])
    func types(type: String, name: String) async throws {
        let image = try Image(160 * Self.mebi)
        try await Tool("sgdisk").run(["-o", "-n1:2048:+50M", "-t1:\(type)", image.path])
        let report = try image.examine(quick: true)
        #expect(report.ruling.verdict == .prior)
        #expect(report.evidence.contains { $0.indicator == .partitionType && $0.text.contains(name) })
    }

    @Test("signatures of what the tools cannot make here are recognised by our own list", arguments: handMade.indices)
    func byHand(index: Int) throws {
        let (name, place, bytes, indicator) = Self.handMade[index]
        let image = try Image(64 * Self.mebi)
        try image.write(bytes, at: place)
        let report = try image.examine()
        #expect(report.ruling.verdict == .prior, "\(name): \(report.ruling.reasons)")
        #expect(report.evidence.contains { $0.indicator == indicator || $0.indicator == .lostVolume }, "\(name)")
    }

    @Test(
        "a volume behind sector 63 is found although no table points to it",
        .enabled(if: Tool.areThere("mkntfs"), Tool.note))
    func sector63() async throws {
        let volume = try Image(40 * Self.mebi)
        try await Tool("mkntfs").run(["-q", "-F", "-p", "63", "-H", "16", "-S", "63", volume.path])
        let disk = try Image(64 * Self.mebi)
        try await disk.place(volume, at: 63 * 512)
        let report = try disk.examine()
        #expect(report.ruling.verdict == .prior)
        #expect(report.evidence.contains { $0.offset == 63 * 512 })
    }
}
