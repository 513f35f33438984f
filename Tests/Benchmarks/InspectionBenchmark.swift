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
            let (wall, peak) = try Benchmarks.measure(inspect, [windows], status: 20)
            print("inspect 100 GiB, used, Windows   " + String(format: "%.2f s, peak %.0f MB", wall, peak))
        } else {
            print("inspect of a Windows: skipped, ntfs-3g, /dev/fuse or ../shared/vectors/hives is not there")
        }
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
