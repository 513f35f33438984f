import Glibc

/// The leave to write to disks that were just proved blank, good for one start of the system and a quarter of an hour.
///
/// It holds no secret and proves nothing to a stranger: it keeps an imaging recipe from writing to another disk than the
/// one that was inspected, or to one that has changed since.
package struct WriteToken: Hashable, Codable, Sendable {
    /// What makes a disk the same disk.
    package struct Identity: Hashable, Codable, Sendable {
        package var path: String
        package var serial: String?
        package var wwn: String?
        /// Device and inode of the path: another disk in its place has others, within one start of the system.
        package var node: String
        /// In bytes.
        package var size: UInt64
        /// What is another once something was written to it.
        package var mark: ChangeMark?

        package init(_ device: BlockDevice, size: UInt64, mark: ChangeMark? = nil) {
            self.mark = mark
            path = device.path
            serial = device.serial
            wwn = device.wwn
            var status = stat()
            node = stat(device.path, &status) == 0 ? "\(status.st_dev):\(status.st_ino):\(status.st_rdev)" : "none"
            self.size = size
        }
    }

    /// In seconds since the system started, sleep included: no clock that anybody sets.
    package var made: UInt64
    package var bootID: String
    package var disks: [Identity]
    /// Whether all disks of the machine were inspected, or only those named.
    package var coversMachine: Bool
    /// SHA-256 of the JSON that the inspection gave, in hexadecimal digits.
    package var evidence: String
    /// Serials of disks that are not blank and on which a person has decided.
    package var overridden: [String]

    /// In seconds.
    package static let life: UInt64 = 15 * 60

    package init(
        made: UInt64, bootID: String, disks: [Identity], coversMachine: Bool, evidence: String,
        overridden: [String] = []
    ) {
        self.overridden = overridden
        self.made = made
        self.bootID = bootID
        self.disks = disks
        self.coversMachine = coversMachine
        self.evidence = evidence
    }

    /// Why it is no leave to write to that disk now; nil where it is.
    package func refusal(for disk: Identity, bootID: String, now: UInt64) -> String? {
        guard !bootID.isEmpty, self.bootID == bootID else { return "the system was started again since" }
        guard made <= now, now - made <= Self.life else { return "it is older than \(Self.life / 60) minutes" }
        guard disk.size > 0, let known = disks.first(where: { $0.path == disk.path }) else {
            return "the disk was not among those that were proved blank"
        }
        var same = known
        same.mark = disk.mark
        guard same == disk else { return "another disk is at that path now, or its size has changed" }
        return known == disk ? nil : "it was written to since"
    }
}

/// Which start of the system this is; empty where the kernel does not tell.
package func readBootID() -> String { BlockDevice.line("/proc/sys/kernel/random/boot_id") ?? "" }

/// Seconds since the system started, sleep included.
package func secondsSinceStart() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return UInt64(time.tv_sec)
}
