import AgentTestKit
import Foundation
import TestKit

/// Prints at once: `print` alone keeps lines back where they go to a file or a pipe, and long steps look hung.
func say(_ line: String) {
    print(line)
    fflush(nil)
}

/// `make bench`: medians of whole processes, what one rename costs the firmware, and what the simulator gives.
///
/// Timings stay out of the tests; these figures are for people, on one machine, side by side.
@main
struct Benchmarks {
    static let runs = 21

    static func main() async throws {
        if CommandLine.arguments.contains("engine") {
            let jobs = CommandLine.arguments.last.flatMap { Int($0) } ?? 1000
            return try await withTemporaryFolder { try await EngineBenchmark(in: $0, jobs: jobs).run() }
        }
        if CommandLine.arguments.contains("growth") {
            return try await withTemporaryFolder { try await GrowthBenchmark(in: $0).run() }
        }
        if CommandLine.arguments.contains("inspect") {
            return try await withTemporaryFolder { try InspectionBenchmark(in: $0).run() }
        }
        if CommandLine.arguments.contains("fleet") {
            return try await withTemporaryFolder { try await FleetBenchmark(in: $0).run() }
        }
        if CommandLine.arguments.contains("requests") { return try await RequestsBenchmark.run() }
        try await check()
        try await RequestsBenchmark.run()
        try await withTemporaryFolder { try InspectionBenchmark(in: $0).run() }
        try await withTemporaryFolder { try await EngineBenchmark(in: $0).run() }
        try await withTemporaryFolder { try await GrowthBenchmark(in: $0).run() }
        try await withTemporaryFolder { try await FleetBenchmark(in: $0).run() }
    }

    /// The agent's check of a machine whose names match, and a whole sync beside it.
    private static func check() async throws {
        try await withTemporaryFolder { folder in
            // The device node where one can be made, else the socket.
            let node = "\(folder)/dev"
            let hasNode = access("/dev/fuse", R_OK | W_OK) == 0 && mkdir(node, 0o700) == 0
            let site = try await Site(in: folder, simulator: hasNode ? ["--host-node", node] : [])
            let device = hasNode ? "\(node)/mei0" : site.device
            let start = ContinuousClock.now
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            guard synced.status == 0 else { throw Unexpected(synced.output) }
            let sync = seconds(ContinuousClock.now - start)
            var walls: [Double] = []
            var peaks: [Double] = []
            let check = ["check", "--device", device, "--name", "ws-1.corp.example.test"]
            for _ in 0..<runs {
                walls.append(try await wall("namesake-agent", check))
                peaks.append(try await peak("namesake-agent", check))
            }
            var bare: [Double] = []
            for _ in 0..<runs { bare.append(try await wall("namesake-agent", ["version"])) }
            say("check, wall time                 \(figures(walls, "ms", 1000))")
            say("check, peak memory               \(figures(peaks, "MB", 1 / 1024))")
            say("version (process start alone)    \(figures(bare, "ms", 1000))")
            let looked = try await trace("namesake-agent", check, in: folder)
            say("check, opens of the device       \(count(looked, "openat(", "/mei"))")
            let libraries = Set(looked.compactMap { $0.firstMatch(of: /\/(lib[^\/"]+\.so[^"]*)".*= \d+$/)?.output.1 })
            say("check, shared libraries          \(libraries.sorted().joined(separator: " "))")
            say("whole sync, wall time            \(String(format: "%.0f ms", sync * 1000))")
            let matching = [
                "--device", device, "--name", "ws-1.corp.example.test", "--enrolment", "\(folder)/enrolment",
                "--state-directory", "\(folder)/state",
            ]
            let joined = try await trace("namesake-agent-sync", matching, in: folder)
            let connections = count(joined, "connect(", "htons(8443)")
            say("sync where all matches           \(connections) connection to the server")
            await site.stop()
        }
    }

    /// The system calls of one process by which it opens files and connections, as strace writes them; none without strace.
    private static func trace(_ name: String, _ arguments: [String], in folder: String) async throws -> [Substring] {
        guard access("/usr/bin/strace", X_OK) == 0 else {
            say("strace is not installed: calls are not counted")
            return []
        }
        let file = "\(folder)/trace"
        let ended = try await run(
            "/usr/bin/strace", ["-f", "-e", "trace=open,openat,connect", "-o", file, product(name)] + arguments)
        guard ended.status == 0 else { throw Unexpected("\(name) ended with \(ended.status): \(ended.output)") }
        return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    }

    private static func count(_ calls: [Substring], _ words: String...) -> Int {
        calls.count { call in words.allSatisfy { call.contains($0) } }
    }

    /// Wall time in seconds of one process.
    private static func wall(_ name: String, _ arguments: [String]) async throws -> Double {
        let start = ContinuousClock.now
        let program = try RunningProgram(product(name), arguments)
        let status = program.reap()
        let wall = seconds(ContinuousClock.now - start)
        for end in program.pipes { close(end) }
        guard status == 0 else { throw Unexpected("\(name) ended with \(status >> 8)") }
        return wall
    }

    /// Peak memory in KB of one process.
    ///
    /// By a small program in between: the kernel's account of a child begins with the peak of the process that made it.
    private static func peak(_ name: String, _ arguments: [String]) async throws -> Double {
        let measured = try await run("/usr/bin/time", ["-f", "peak %M", product(name)] + arguments)
        guard let text = measured.output.split(separator: "peak ").last, let peak = Double(text.dropLast()) else {
            throw Unexpected("no peak in: \(measured.output)")
        }
        return peak
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    private static func figures(_ values: [Double], _ unit: String, _ factor: Double) -> String {
        let sorted = values.sorted().map { $0 * factor }
        return String(
            format: "median of %d: %.1f %@ (%.1f to %.1f)", sorted.count, sorted[sorted.count / 2], unit,
            sorted[0], sorted[sorted.count - 1])
    }
}
