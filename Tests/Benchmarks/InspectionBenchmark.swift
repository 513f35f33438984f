import AgentTestKit
import Foundation
import Glibc
import TestKit

/// How long `inspect` takes to a verdict, and how much memory, whatever the disk's size.
struct InspectionBenchmark {
    private let folder: String

    init(in folder: String) { self.folder = folder }

    func run() throws {
        let blank = "\(folder)/blank", used = "\(folder)/used"
        // A sparse file costs the same processor time as a disk, without its waiting.
        for path in [blank, used] {
            _ = try Benchmarks.measure("/usr/bin/truncate", ["-s", "100G", path])
        }
        _ = try Benchmarks.measure("/usr/sbin/mkfs.ext4", ["-q", "-F", used])
        let inspect = product("namesake-agent-inspect")
        for (name, arguments, expected) in [
            ("used, ext4", [used], 20), ("blank, --quick", ["--quick", blank], 0), ("blank, every byte", [blank], 0),
        ] as [(String, [String], Int32)] {
            let (wall, peak) = try Benchmarks.measure(inspect, arguments, status: expected)
            let label = "inspect 100 GiB, \(name)".padding(toLength: 33, withPad: " ", startingAt: 0)
            let rate = name == "blank, every byte" ? String(format: ", %.0f MB/s", 107_374 / wall) : ""
            print(label + String(format: "%.2f s, peak %.0f MB", wall, peak) + rate)
        }
        let (wall, _) = try Benchmarks.measure(
            "/usr/bin/dd", ["if=\(blank)", "of=/dev/null", "bs=1M", "status=none"])
        print("dd of the same                   " + String(format: "%.2f s, %.0f MB/s", wall, 107_374 / wall))
    }
}

extension Benchmarks {
    /// Wall time in seconds and peak memory in MB of one process with its children, by GNU time.
    ///
    /// - Throws: ``Unexpected`` where it ends with another status.
    static func measure(
        _ program: String, _ arguments: [String], status: Int32 = 0
    ) throws -> (wall: Double, peak: Double) {
        // Not ending(): that gives a program a minute, and a whole disk takes longer.
        let running = try RunningProgram("/usr/bin/time", ["-f", "took %e %M", program] + arguments)
        var outcome: Int32 = 0
        while waitpid(running.process, &outcome, 0) < 0, errno == EINTR {}
        let complaints = try FileHandle(fileDescriptor: running.pipes[1]).readToEnd() ?? Data()
        for end in running.pipes { close(end) }
        let words =
            String(decoding: complaints, as: UTF8.self).split(separator: "took ").last?.split(separator: " ") ?? []
        guard outcome >> 8 == status, words.count == 2, let wall = Double(words[0]),
            let peak = Double(words[1].trimmingCharacters(in: .whitespacesAndNewlines))
        else { throw Unexpected("\(program) \(arguments): status \(outcome >> 8), \(words)") }
        return (wall, peak / 1024)
    }
}
