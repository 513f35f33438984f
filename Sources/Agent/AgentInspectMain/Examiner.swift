import AgentCore
import DiskInspection
import FoundationEssentials
import Glibc
import VolumeReading

/// The confined process that reads one disk, or the files of one volume, which a stranger has written.
///
/// It finds the disk open as descriptor 3, and answers on standard output: lines that tell how far it is, and a last
/// line with the report. One that does not come to its last line has proved nothing.
enum Examiner {
    static let diskWord = "examine-descriptor-3"
    static let volumeWord = "read-volume-of-descriptor-3"
    static let descriptor: Int32 = 3
    /// Address space, in bytes.
    private static let memory: UInt64 = 512 << 20
    /// Room for the largest registry hive twice.
    private static let memoryForFiles: UInt64 = 1 << 30
    /// Of processor time, for the files of a volume.
    private static let secondsForFiles: UInt64 = 30

    /// What to do when the program was started as a reader; returns otherwise.
    static func runIfAsked(_ arguments: [String]) {
        switch (arguments.first, arguments.count) {
        case (diskWord, 2):
            guard let depth = DiskExamination.Depth(rawValue: arguments[1]) else { exit(64) }
            exit(ending { try examine(depth) })
        case (volumeWord, 4):
            guard let start = UInt64(arguments[2]), let end = UInt64(arguments[3]), start < end else { exit(64) }
            exit(ending { try read(arguments[1], start..<end) })
        case (diskWord, _), (volumeWord, _): exit(64)
        default: break
        }
    }

    private static func ending(_ work: () throws -> Void) -> Int32 {
        do {
            try work()
            return 0
        } catch {
            complain("the disk's reader: \(error)")
            return 1
        }
    }

    private static func examine(_ depth: DiskExamination.Depth) throws {
        let disk = try Disk(taking: descriptor)
        // Ten nanoseconds a byte is slower than any processor of the last twenty years compares.
        try confine(memory: memory, seconds: 30 + disk.size / 100_000_000)
        disk.forgetWhatIsCached()
        var examination = DiskExamination()
        examination.depth = depth
        var generator = SystemRandomNumberGenerator()
        var told = ContinuousClock.now
        let report = examination.examine(disk, using: &generator) { probe, done, planned in
            let now = ContinuousClock.now
            guard now - told > .milliseconds(200) || done == planned else { return }
            told = now
            tell("p \(probe.rawValue) \(done) \(planned)")
        }
        tell("r " + String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
    }

    private static func read(_ type: String, _ extent: Range<UInt64>) throws {
        try confine(memory: memoryForFiles, seconds: secondsForFiles, keepsFiles: true)
        let contents = try readVolume(descriptor, type: type, extent: extent)
        tell("r " + String(decoding: try JSONEncoder().encode(contents), as: UTF8.self))
    }

    private static func tell(_ line: String) {
        var rest = Array((line + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Nobody listens any more, so nobody needs the rest.
            guard count > 0 else { exit(1) }
            rest = rest.dropFirst(count)
        }
    }
}
