import AgentTestKit
import DiskInspection
import Glibc
import Testing

/// A disk's image in a sparse file, made by the tools that make real disks.
final class Image: Sendable {
    let folder: TemporaryFolder
    let path: String
    let size: UInt64

    /// Makes one of so many bytes, all of them zero.
    ///
    /// - Throws: `Trouble`.
    init(_ size: UInt64) throws {
        folder = try TemporaryFolder()
        path = "\(folder.path)/disk"
        self.size = size
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, off_t(size)) == 0 else { throw Trouble("\(path): \(errno)") }
        close(descriptor)
    }

    func write(_ bytes: [UInt8], at offset: UInt64) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
            throw Trouble("\(path): \(errno)")
        }
    }

    func fill(_ byte: UInt8, _ range: Range<UInt64>) throws {
        let piece = [UInt8](repeating: byte, count: 1 << 20)
        var place = range.lowerBound
        while place < range.upperBound {
            let count = min(UInt64(piece.count), range.upperBound - place)
            try write(Array(piece[..<Int(count)]), at: place)
            place += count
        }
    }

    /// Copies another image into this one, as a partition of it.
    func place(_ other: Image, at offset: UInt64) async throws {
        try await Tool("dd").run(
            ["if=\(other.path)", "of=\(path)", "bs=64K", "oflag=seek_bytes", "seek=\(offset)", "conv=notrunc,sparse"])
    }

    /// What the sum of all bytes is, by a tool that is not ours.
    func digest() async throws -> String { try await Tool("sha256sum").run([path]) }

    /// Examines the image as the program does.
    func examine(
        quick: Bool = false, plan: ScanPlan = ScanPlan(), seed: UInt64 = 1
    ) throws -> DiskReport {
        var examination = DiskExamination()
        examination.depth = quick ? .samples : .everyByte
        examination.plan = plan
        // An image has no lock and no hidden area.
        let none = ProbeAnswer.absent(Coverage(planned: 0, read: 0))
        examination.given = [.lock: none, .nativeSize: none]
        var generator = SeededGenerator(seed)
        return examination.examine(try Disk(path), using: &generator)
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// A program of the system that makes or changes disks.
struct Tool: Hashable, Sendable, CustomStringConvertible {
    let name: String
    var description: String { name }
    init(_ name: String) { self.name = name }

    var path: String? {
        ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
    static func areThere(_ names: String...) -> Bool { names.allSatisfy { Tool($0).path != nil } }
    static let note: Comment =
        "skipped: the tools that make such disks are not installed; packaging/install-build-packages installs them"

    @discardableResult
    func run(_ arguments: [String]) async throws -> String {
        guard let path else { throw Trouble("\(name) is not installed") }
        let ending = try await RunningProgram(path, arguments).ending()
        guard ending.status == 0 else { throw Trouble("\(name) \(arguments): \(ending)") }
        return ending.output
    }
}
