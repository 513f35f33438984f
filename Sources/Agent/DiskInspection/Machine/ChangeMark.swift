import Glibc

/// What is another once a disk was written to, or has grown or shrunk: to be compared, and no more.
///
/// Reading says how a disk was when each part of it was read. That it was still so at the end is a proof of its own.
package struct ChangeMark: Hashable, Codable, Sendable {
    /// In bytes.
    package var size: UInt64
    /// Of a block device, what the kernel has counted of writes and discards since the disk came (`stat` in sysfs,
    /// Documentation/block/stat.rst); of a file, the times of its last change in nanoseconds.
    package var counts: [UInt64]

    package init(size: UInt64, counts: [UInt64]) {
        self.size = size
        self.counts = counts
    }

    /// - Returns: nil where nobody tells.
    package init?(of descriptor: Int32, _ device: BlockDevice, sysfs: String) {
        var status = stat()
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0, fstat(descriptor, &status) == 0 else { return nil }
        size = UInt64(end)
        guard let name = device.kernelName else {
            guard !device.isUntold else { return nil }
            counts = [status.st_mtim, status.st_ctim].flatMap { [UInt64($0.tv_sec), UInt64($0.tv_nsec)] }
            return
        }
        let numbers =
            BlockDevice.line("\(sysfs)/class/block/\(name)/stat")?.split(separator: " ").map { UInt64($0) } ?? []
        // Requests and sectors of writes, then of discards, which kernels before 4.18 do not count.
        let wanted = [4, 6, 11, 13].filter { $0 < numbers.count }
        guard wanted.count >= 2 else { return nil }
        counts = wanted.compactMap { numbers[$0] }
        guard counts.count == wanted.count else { return nil }
    }
}

/// Whether a disk is as it was before it was read: the probe `unchanged`.
package func unchangedAnswer(before: ChangeMark?, after: ChangeMark?) -> ProbeAnswer {
    guard let before, let after else {
        return .indeterminate("whether it was written to in the meantime cannot be told")
    }
    if before.size != after.size {
        let what = "it had \(before.size) bytes when reading began, and \(after.size) when it ended"
        return .present([Evidence(.changedMeanwhile, .unprovable, what)])
    }
    guard before.counts == after.counts else {
        return .present([Evidence(.changedMeanwhile, .unprovable, "it was written to while it was read")])
    }
    return .absent(Coverage(planned: 0, read: 0, note: "it has its size, and nothing was written to it meanwhile"))
}
