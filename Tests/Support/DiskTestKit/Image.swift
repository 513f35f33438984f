package import AgentTestKit
package import DiskInspection
import Glibc

/// A disk's image in a sparse file, made by the tools that make real disks.
package final class Image: Sendable {
    package let folder: TemporaryFolder
    package let path: String
    package let size: UInt64

    /// Makes one of so many bytes, all of them zero.
    ///
    /// - Throws: `Trouble`.
    package init(_ size: UInt64) throws {
        folder = try TemporaryFolder()
        path = "\(folder.path)/disk"
        self.size = size
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, off_t(size)) == 0 else { throw Trouble("\(path): \(errno)") }
        close(descriptor)
    }

    package func write(_ bytes: [UInt8], at offset: UInt64) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
            throw Trouble("\(path): \(errno)")
        }
    }

    package func fill(_ byte: UInt8, _ range: Range<UInt64>) throws {
        let piece = [UInt8](repeating: byte, count: 1 << 20)
        var place = range.lowerBound
        while place < range.upperBound {
            let count = min(UInt64(piece.count), range.upperBound - place)
            try write(Array(piece[..<Int(count)]), at: place)
            place += count
        }
    }

    /// Copies another image into this one, as a partition of it.
    package func place(_ other: Image, at offset: UInt64) async throws {
        try await Tool("dd").run(
            ["if=\(other.path)", "of=\(path)", "bs=64K", "oflag=seek_bytes", "seek=\(offset)", "conv=notrunc,sparse"])
    }

    /// What the sum of all bytes is, by a tool that is not ours.
    package func digest() async throws -> String { try await Tool("sha256sum").run([path]) }

    /// Examines the image as the program does.
    package func examine(
        quick: Bool = false, plan: ScanPlan = ScanPlan(), seed: UInt64 = 1
    ) throws -> DiskReport {
        var examination = DiskExamination()
        examination.depth = quick ? .samples : .everyByte
        examination.plan = plan
        // An image has no lock and no hidden area, and nobody else writes to it.
        let none = ProbeAnswer.absent(Coverage(planned: 0, read: 0))
        examination.given = [.lock: none, .nativeSize: none, .unchanged: none]
        var generator = SeededGenerator(seed)
        return examination.examine(try Disk(path), using: &generator)
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    package init(_ seed: UInt64) { state = seed }
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

extension Image {
    private static let mebi: UInt64 = 1 << 20

    /// An EFI partition, Microsoft's reserve and NTFS, as an installation leaves them, on 200 MiB.
    ///
    /// - Parameter size: In bytes; larger leaves the rest free.
    /// - Returns: The image.
    /// - Throws: `Trouble`.
    package static func windowsLike(_ size: UInt64 = 200 << 20) async throws -> Image {
        let image = try Image(size)
        try await Tool("sgdisk").run([
            "-o", "-n1:2048:+40M", "-t1:ef00", "-n2:0:+16M", "-t2:0c01", "-n3:0:+120M", "-t3:0700", image.path,
        ])
        let system = try Image(40 * mebi)
        try await Tool("mkfs.vfat").run([system.path])
        let volume = try Image(120 * mebi)
        try await Tool("mkntfs").run(["-q", "-F", "-L", "OS", volume.path])
        try await image.place(system, at: mebi)
        try await image.place(volume, at: 57 * mebi)
        return image
    }

    /// Makes all of it a LUKS2 volume, with a key that is soon derived.
    package func encrypt(version: String = "luks2") async throws {
        let key = try folder.write("key", "a test's key")
        try await Tool("cryptsetup").run([
            "luksFormat", "--type", version, "--batch-mode", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
            "--key-file", key, path,
        ])
    }
}
