import AgentCore
import DiskInspection
import FoundationEssentials
import Glibc

/// The confined process that reads one disk, which a stranger has written.
///
/// It finds the disk open as descriptor 3, and answers on standard output: lines that tell how far it is, and a last
/// line with the report. One that does not come to its last line has proved nothing.
enum Examiner {
    static let word = "examine-descriptor-3"
    static let descriptor: Int32 = 3
    /// Address space, in bytes.
    private static let memory: UInt64 = 512 << 20

    static func run(_ arguments: [String]) -> Never {
        guard let depth = arguments.first.flatMap({ DiskExamination.Depth(rawValue: $0) }) else { exit(64) }
        exit(examine(depth))
    }

    private static func examine(_ depth: DiskExamination.Depth) -> Int32 {
        do {
            let disk = try Disk(taking: descriptor)
            // Ten nanoseconds a byte is slower than any processor of the last twenty years compares.
            try confine(memory: memory, seconds: 30 + disk.size / 100_000_000)
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
            return 0
        } catch {
            complain("the disk's reader: \(error)")
            return 1
        }
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
