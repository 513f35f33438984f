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
        // As small as the captured ones, and as large as on a machine of some years.
        for megabytes in [0, 100] {
            let label = "inspect 100 GiB, used, Windows" + (megabytes == 0 ? "" : ", SOFTWARE of \(megabytes) MB")
            guard let windows = try windowsDisk(softwareMegabytes: megabytes) else {
                say("\(label): skipped, ntfs-3g, /dev/fuse or ../shared/vectors/hives is not there")
                continue
            }
            try report(label, inspect, [windows], status: 20, runs: Benchmarks.runs)
            try FileManager.default.removeItem(atPath: windows)
        }
        try report("inspect 100 GiB, used, ext4", inspect, [used], status: 20, runs: Benchmarks.runs)
        try report("inspect 100 GiB, blank, --quick", inspect, ["--quick", blank])
        // Before and after, since whoever reads first fills the cache.
        let copy = ["if=\(blank)", "of=/dev/null", "bs=1M", "status=none"]
        try report("dd of 100 GiB", "/usr/bin/dd", copy, bytes: 107_374_182_400)
        try report("inspect 100 GiB, blank, every byte", inspect, [blank], bytes: 107_374_182_400)
        try report("dd once more", "/usr/bin/dd", copy, bytes: 107_374_182_400)
    }

    /// One row: medians, and the highest peak; `bytes` where all of them are read, so that a rate says something.
    private func report(
        _ label: String, _ program: String, _ arguments: [String], status: Int32 = 0, bytes: Double? = nil,
        runs: Int = 1
    ) throws {
        let measured = try (0..<runs).map { _ in try Benchmarks.measure(program, arguments, status: status) }
        let walls = measured.map(\.wall).sorted(), processors = measured.map(\.processor).sorted()
        let wall = walls[runs / 2]
        let rate = bytes.map { String(format: ", %.0f MB/s", $0 / wall / 1e6) } ?? ""
        let spread = runs == 1 ? "" : String(format: " (%.2f to %.2f, %d runs)", walls[0], walls[runs - 1], runs)
        say(
            label.padding(toLength: 52, withPad: " ", startingAt: 0)
                + String(
                    format: "%.2f s, of processors %.2f s, peak %.0f MB", wall, processors[runs / 2],
                    measured.map(\.peak).max() ?? 0) + rate + spread)
    }

    /// A disk with one NTFS volume and the hives of a Windows 10 that was used.
    ///
    /// - Parameter softwareMegabytes: How long the SOFTWARE hive is to be at least.
    /// - Returns: nil where it cannot be made.
    /// - Throws: What went wrong with the tools.
    private func windowsDisk(softwareMegabytes: Int) throws -> String? {
        let hives = Vectors.folder.appending(path: "hives").path(percentEncoded: false)
        guard Vectors.arePresent, access("/dev/fuse", W_OK) == 0, access("/bin/ntfs-3g", X_OK) == 0 else { return nil }
        var software = try Vectors.unpacked("hives/synth__SOFTWARE-complete-used.xz")
        Self.pad(&software, to: softwareMegabytes * 1_000_000)
        try Data(software).write(to: URL(filePath: "\(folder)/software"))
        let script = """
            cd \(folder); truncate -s 600M volume; mkntfs -F -Q -q volume; mkdir -p mounted
            ntfs-3g -o no_detach volume mounted & driver=$!
            until mountpoint -q mounted; do kill -0 $driver; done
            config=mounted/Windows/System32/config; mkdir -p $config; printf MZ > mounted/Windows/System32/cmd.exe
            for pair in SYSTEM:regipy__SYSTEM_WIN_10_1709 SAM:regipy__SAM SECURITY:regipy__SECURITY; do
                xz -dc \(hives)/${pair#*:}.xz > $config/${pair%:*}; done
            mv software $config/SOFTWARE
            umount mounted; wait $driver
            truncate -s 100G windows; sgdisk -o -n1:2048:+600M -t1:0700 windows
            dd if=volume of=windows bs=1M seek=1 conv=notrunc,sparse; rm volume
            """
        _ = try Benchmarks.measure("/bin/sh", ["-ec", script])
        return "\(folder)/windows"
    }

    /// Adds bins of 4 KiB in which nothing is, and makes size and checksum right.
    private static func pad(_ hive: inout [UInt8], to size: Int) {
        func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
        while hive.count < size {
            hive += Array("hbin".utf8) + word(hive.count - 4096) + word(4096) + [UInt8](repeating: 0, count: 20)
            hive += word(4096 - 32) + [UInt8](repeating: 0x5A, count: 4096 - 36)
        }
        hive.replaceSubrange(40..<44, with: word(hive.count - 4096))
        var sum: [UInt8] = [0, 0, 0, 0]
        for index in 0..<508 { sum[index % 4] ^= hive[index] }
        hive.replaceSubrange(508..<512, with: sum)
    }
}

extension Benchmarks {
    /// Wall time and processor time in seconds and peak memory in MB of one process with its children, by GNU time.
    ///
    /// - Throws: ``Unexpected`` where it ends with another status.
    static func measure(
        _ program: String, _ arguments: [String], status: Int32 = 0
    ) throws -> (wall: Double, processor: Double, peak: Double) {
        // Not ending(): that gives a program a minute, and a whole disk takes longer.
        let running = try RunningProgram("/usr/bin/time", ["-f", "took %e %M %U %S", program] + arguments)
        let outcome = running.reap()
        let complaints = try FileHandle(fileDescriptor: running.pipes[1]).readToEnd() ?? Data()
        for end in running.pipes { close(end) }
        let words =
            String(decoding: complaints, as: UTF8.self).split(separator: "took ").last?.split(separator: " ") ?? []
        let numbers = words.compactMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        guard outcome >> 8 == status, numbers.count == 4 else {
            throw Unexpected("\(program) \(arguments): status \(outcome >> 8), \(words)")
        }
        return (numbers[0], numbers[2] + numbers[3], numbers[1] / 1024)
    }
}
