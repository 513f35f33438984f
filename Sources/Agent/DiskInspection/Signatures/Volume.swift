/// A volume that libblkid knows.
package struct Volume: Hashable, Codable, Sendable {
    /// libblkid's word, such as `ext4`.
    package var type: String
    /// libblkid's word: `filesystem`, `raid`, `crypto` or `other`.
    package var usage: String
    package var label: String?
    package var uuid: String?
    /// Where the window began in which it was found, in bytes from the start of the disk.
    package var offset: UInt64

    package var evidence: Evidence {
        let (indicator, weight) = meaning
        let name = label.map { "\(type) volume \"\($0)\"" } ?? "\(type) volume"
        return Evidence(indicator, weight, name, at: offset)
    }

    private var meaning: (Indicator, Evidence.Weight) {
        switch (usage, type) {
        case (_, "ntfs"), (_, "vfat"), (_, "exfat"): (.windowsVolume, .strong)
        case (_, "BitLocker"): (.bitLocker, .blocking)
        case (_, "crypto_LUKS"): (.encryptedVolume, .blocking)
        case (_, "linux_raid_member"): (.softwareArray, .blocking)
        case (_, "LVM2_member"), (_, "LVM1_member"): (.volumeManager, .blocking)
        case (_, "swap"): (.swap, .strong)
        case (_, "swsuspend"): (.swap, .blocking)
        case (_, "zfs_member"), (_, "bcache"), (_, "VMFS"), (_, "VMFS_volume_member"), (_, "drbd"),
            (_, "stratis"), (_, "vdo"), (_, "ceph_bluestore"), (_, "DM_integrity"), (_, "gfs2"):
            (.storageProduct, .blocking)
        case (_, "apfs"), (_, "hfs"), (_, "hfsplus"), (_, "cs_fvault2"): (.appleVolume, .blocking)
        case (_, "iso9660"), (_, "udf"): (.opticalImage, .strong)
        case ("raid", _): (.arrayMember, .blocking)
        case ("filesystem", "ext2"), ("filesystem", "ext3"), ("filesystem", "ext4"), ("filesystem", "xfs"),
            ("filesystem", "btrfs"), ("filesystem", "f2fs"):
            (.linuxVolume, .blocking)
        default: (.otherVolume, .blocking)
        }
    }
}
