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
        if let windows = try windowsDisk() {
            try report("inspect 100 GiB, used, Windows", inspect, [windows], status: 20)
        } else {
            say("inspect of a Windows: skipped, ntfs-3g, /dev/fuse or ../shared/vectors/hives is not there")
        }
        try report("inspect 100 GiB, used, ext4", inspect, [used], status: 20)
        try report("inspect 100 GiB, blank, --quick", inspect, ["--quick", blank])
        // Before and after, since whoever reads first fills the cache.
        let copy = ["if=\(blank)", "of=/dev/null", "bs=1M", "status=none"]
        try report("dd of 100 GiB", "/usr/bin/dd", copy, bytes: 107_374_182_400)
        try report("inspect 100 GiB, blank, every byte", inspect, [blank], bytes: 107_374_182_400)
        try report("dd once more", "/usr/bin/dd", copy, bytes: 107_374_182_400)
    }

    /// One row; `bytes` where all of them are read, so that a rate says something.
    private func report(
        _ label: String, _ program: String, _ arguments: [String], status: Int32 = 0, bytes: Double? = nil
    ) throws {
        let (wall, processor, peak) = try Benchmarks.measure(program, arguments, status: status)
        let rate = bytes.map { String(format: ", %.0f MB/s", $0 / wall / 1e6) } ?? ""
        say(
            label.padding(toLength: 36, withPad: " ", startingAt: 0)
                + String(format: "%.2f s, of processors %.2f s, peak %.0f MB", wall, processor, peak) + rate)
    }

    /// A disk with one NTFS volume and the hives of a Windows 10 that was used; nil where it cannot be made.
    private func windowsDisk() throws -> String? {
        let hives = Vectors.folder.appending(path: "hives").path(percentEncoded: false)
        guard Vectors.arePresent, access("/dev/fuse", W_OK) == 0, access("/bin/ntfs-3g", X_OK) == 0 else { return nil }
        let script = """
            cd \(folder); truncate -s 600M volume; mkntfs -F -Q -q volume; mkdir mounted
            ntfs-3g -o no_detach volume mounted & driver=$!
            until mountpoint -q mounted; do kill -0 $driver; done
            config=mounted/Windows/System32/config; mkdir -p $config; printf MZ > mounted/Windows/System32/cmd.exe
            for pair in SYSTEM:regipy__SYSTEM_WIN_10_1709 SOFTWARE:synth__SOFTWARE-complete-used SAM:regipy__SAM \
                SECURITY:regipy__SECURITY; do xz -dc \(hives)/${pair#*:}.xz > $config/${pair%:*}; done
            umount mounted; wait $driver
            truncate -s 100G windows; sgdisk -o -n1:2048:+600M -t1:0700 windows
            dd if=volume of=windows bs=1M seek=1 conv=notrunc,sparse; rm volume
            """
        _ = try Benchmarks.measure("/bin/sh", ["-ec", script])
        return "\(folder)/windows"
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
