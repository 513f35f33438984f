/// One question to a disk or to the machine.
package enum ProbeID: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
    /// Is there a disk at all, and is none hidden behind a controller?
    case disks
    /// Do the firmware's boot entries, or what boot loaders left in its variables, tell of former systems?
    case bootEntries = "boot-entries"
    /// Has somebody administered the firmware? Shown, never required.
    case administration
    /// Does an inventory know this machine? Asked of the file that a person names.
    case inventory
    /// Does the drive lock its content away, so that what it gives says nothing?
    case lock
    /// Is the whole of the drive within the size that it tells?
    case nativeSize = "native-size"
    /// How much was the drive used, by its own count? Required only where a person sets a limit.
    case wear
    /// Has the disk kept its size, and was nothing written to it, while it was read?
    case unchanged
    /// Is there a partition table, at the front or at the back?
    case table
    /// Does libblkid know something on the disk, or within a partition?
    case signatures
    /// What do the files of the volumes say about whose they are?
    case contents
    /// Is the space that no partition has constant? Asked where only a factory image is left to be proved.
    case gaps
    /// Are there backups of superblocks and second headers?
    case secondHeaders = "second-headers"
    /// The first and the last 64 MiB, every byte.
    case edges
    /// 4 KiB at every 1 MiB.
    case grid
    /// 4 KiB in each of many strata, at random.
    case samples
    /// Every byte.
    case surface
}

/// What a probe says.
///
/// There are three values, because a reader that cannot tell must never be taken for one that found nothing.
package enum ProbeAnswer: Hashable, Codable, Sendable {
    case present([Evidence])
    /// Nothing was found, and all that was planned was read.
    case absent(Coverage)
    case indeterminate(String)
}

/// How much of what a probe planned to read was read.
package struct Coverage: Hashable, Codable, Sendable {
    /// In bytes.
    package var planned: UInt64
    /// In bytes.
    package var read: UInt64
    package var note: String?

    package init(planned: UInt64, read: UInt64, note: String? = nil) {
        self.planned = planned
        self.read = read
        self.note = note
    }

    package var isComplete: Bool { read >= planned }
}
