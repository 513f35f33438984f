/// Something that a volume, or a file on one, begins with.
///
/// Every one lies within a sector, so that it is found wherever a sector begins: volumes behind sector 63, backups in the
/// middle of a volume, and what a wiped table no longer points to. libblkid looks at fixed places only.
///
/// Offsets: section 1.7 of the reference on prior installations; the others from the probers of util-linux's libblkid.
package struct RawSignature: Hashable, Sendable {
    package var name: String
    package var indicator: Indicator
    package var weight: Evidence.Weight
    /// Within the sector, in bytes.
    var place: Int
    var magic: [UInt8]
    /// What else has to be true of the sector, because the magic alone is short.
    var check: Check = .none

    enum Check: Hashable, Sendable { case none, ext, xfs, softwareArray, bootSector, fileRecord }

    /// Those that sector 0 of a volume can have where an MBR might be.
    static func isBootSector(_ sector: ArraySlice<UInt8>) -> Bool {
        sector.withUnsafeBytes { bytes in volumes.contains { $0.fits(UnsafeRawBufferPointer(bytes)) } }
    }

    /// The first one that fits 512 bytes.
    static func find(in sector: UnsafeRawBufferPointer) -> RawSignature? { all.first { $0.fits(sector) } }

    func fits(_ sector: UnsafeRawBufferPointer) -> Bool {
        guard sector.count >= 512, sector[place] == magic[0] else { return false }
        for index in 1..<magic.count where sector[place + index] != magic[index] { return false }
        switch check {
        case .none: return true
        case .ext:
            // Block size up to 64 KiB, blocks and inodes in each group, revision 0 or 1.
            return little(sector, 0x18, 4) <= 6 && little(sector, 0x20, 4) != 0 && little(sector, 0x28, 4) != 0
                && little(sector, 0x4C, 4) <= 1
        case .xfs:
            let block = big(sector, 4, 4)
            return (512...65536).contains(block) && block.nonzeroBitCount == 1
        case .softwareArray: return little(sector, 4, 4) <= 1
        case .bootSector: return sector[510] == 0x55 && sector[511] == 0xAA
        case .fileRecord: return [0x2A, 0x30].contains(little(sector, 4, 2))
        }
    }

    private init(
        _ name: String, _ indicator: Indicator, _ place: Int, _ magic: String, _ more: [UInt8] = [],
        weight: Evidence.Weight = .blocking, check: Check = .none
    ) {
        self.name = name
        self.indicator = indicator
        self.weight = weight
        self.place = place
        self.magic = Array(magic.utf8) + more
        self.check = check
    }

    private static let volumes: [RawSignature] = [
        RawSignature("NTFS", .windowsVolume, 3, "NTFS    ", weight: .strong),
        RawSignature("BitLocker", .bitLocker, 3, "-FVE-FS-"),
        RawSignature("exFAT", .windowsVolume, 3, "EXFAT   ", weight: .strong),
        RawSignature("ReFS", .otherVolume, 3, "ReFS", [0, 0, 0, 0]),
        RawSignature("FAT", .windowsVolume, 0x52, "FAT32   ", weight: .strong, check: .bootSector),
        RawSignature("FAT", .windowsVolume, 0x36, "FAT16   ", weight: .strong, check: .bootSector),
        RawSignature("FAT", .windowsVolume, 0x36, "FAT12   ", weight: .strong, check: .bootSector),
        RawSignature("XFS", .linuxVolume, 0, "XFSB", check: .xfs),
        RawSignature("LUKS", .encryptedVolume, 0, "LUKS", [0xBA, 0xBE]),
        RawSignature("APFS", .appleVolume, 32, "NXSB"),
    ]

    package static let all: [RawSignature] =
        volumes + [
            RawSignature("second LUKS2 header", .encryptedVolume, 0, "SKUL", [0xBA, 0xBE]),
            RawSignature("ext superblock", .backupHeader, 0x38, "", [0x53, 0xEF], check: .ext),
            RawSignature("BTRFS superblock", .backupHeader, 0x40, "_BHRfS_M"),
            RawSignature("F2FS superblock", .backupHeader, 0, "", [0x10, 0x20, 0xF5, 0xF2]),
            RawSignature("HFS+ volume header", .appleVolume, 0, "H+", [0, 4]),
            RawSignature("HFSX volume header", .appleVolume, 0, "HX", [0, 5]),
            RawSignature("LVM2 label", .volumeManager, 0, "LABELONE"),
            RawSignature("MD superblock", .softwareArray, 0, "", [0xFC, 0x4E, 0x2B, 0xA9], check: .softwareArray),
            RawSignature(
                "bcache superblock", .storageProduct, 24, "",
                [0xC6, 0x85, 0x73, 0xF6, 0x4E, 0x1A, 0x45, 0xCA, 0x82, 0x65, 0xF5, 0x7F, 0x48, 0xBA, 0x6D, 0x81]),
            RawSignature("ZFS uberblock", .storageProduct, 0, "", [0x0C, 0xB1, 0xBA, 0, 0, 0, 0, 0]),
            RawSignature("ZFS uberblock", .storageProduct, 0, "", [0, 0, 0, 0, 0, 0xBA, 0xB1, 0x0C]),
            RawSignature("VMFS volume", .storageProduct, 0, "", [0x0D, 0xD0, 0x01, 0xC0]),
            RawSignature("dynamic disk header", .windowsPool, 0, "PRIVHEAD"),
            RawSignature("swap area", .swap, 502, "SWAPSPACE2", weight: .strong),
            RawSignature("swap area", .swap, 502, "SWAP-SPACE", weight: .strong),
            RawSignature("hibernated Linux", .swap, 502, "S1SUSPEND", [0]),
            RawSignature("hibernated Windows", .lostVolume, 0, "hibr"),
            RawSignature("hibernated Windows", .lostVolume, 0, "HIBR"),
            RawSignature("ISO 9660 image", .opticalImage, 1, "CD001", weight: .strong),
            RawSignature("NTFS file record", .windowsVolume, 0, "FILE", weight: .strong, check: .fileRecord),
            RawSignature("registry hive", .windowsVolume, 0, "regf", weight: .strong),
            RawSignature("GPT header", .backupHeader, 0, "EFI PART", weight: .strong),
            RawSignature("boot sector", .bootCode, 0, "", [0xEB, 0x58, 0x90], weight: .strong, check: .bootSector),
            RawSignature("boot sector", .bootCode, 0, "", [0xEB, 0x52, 0x90], weight: .strong, check: .bootSector),
            RawSignature("boot sector", .bootCode, 0, "", [0xEB, 0x3C, 0x90], weight: .strong, check: .bootSector),
        ]
}
