import AgentTestKit
import DiskTestKit
import Foundation
import Glibc
import TestKit
import Testing

/// The confined processes that read what a stranger has written.
@Suite("Readers", .timeLimit(.minutes(3)))
struct ReaderTests {
    /// Tries, once confined, what must not be possible; the C room itself is what confines it.
    private static let trial = """
        #include "CDiskAccess.h"
        #include <errno.h>
        #include <fcntl.h>
        #include <linux/fs.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <sys/ioctl.h>
        #include <sys/mman.h>
        #include <sys/mount.h>
        #include <sys/socket.h>
        #include <sys/uio.h>
        #include <unistd.h>
        #define TRY(name, act) errno = 0; if ((long)(act) != -1) dprintf(1, "%s was done\\n", name); \\
            else if (errno != EPERM && errno != EBADF && errno != EACCES) dprintf(1, "%s: %d\\n", name, errno);
        int main(int count, char **words) {
            int disk = open(words[1], O_RDONLY), writable = open(words[1], O_RDWR), files = atoi(words[2]);
            char byte = 0;
            struct iovec part = {&byte, 1};
            unsigned long long range[2] = {0, 512};
            if (disk < 0 || writable < 0 || cdisk_confine(512 << 20, 30, files) != 0) return 1;
            if (pread(disk, &byte, 1, 0) != 1) return 2;
            TRY("pwrite", pwrite(writable, "x", 1, 0))
            TRY("writev", writev(writable, &part, 1))
            TRY("write to the disk", write(files ? disk : writable, "x", 1))
            TRY("ftruncate", ftruncate(writable, 0))
            TRY("fallocate", fallocate(writable, 3, 0, 512))
            TRY("discard", ioctl(writable, BLKDISCARD, range))
            TRY("read-write", ioctl(disk, BLKROSET, &byte))
            TRY("a shared map", mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, disk, 0))
            TRY("open to write", open(words[1], O_RDWR))
            TRY("make", open("made", O_WRONLY | O_CREAT, 0600))
            if (!files) { TRY("open", open(words[1], O_RDONLY)) }
            TRY("unlink", unlink(words[1]))
            TRY("rename", rename(words[1], "elsewhere"))
            TRY("mount", mount(words[1], "/mnt", "ext4", 0, 0))
            TRY("socket", socket(AF_INET, SOCK_STREAM, 0))
            TRY("execute", execl("/bin/true", "true", (char *)0))
            TRY("another process", fork())
            dprintf(1, "all tried\\n");
            return 0;
        }
        """

    @Test(
        "a confined one can read, and write, map, open for writing, mount, connect or execute nothing",
        .enabled(if: Tool.areThere("cc"), "skipped: no C compiler is installed"), arguments: [0, 1])
    func confinement(keepsFiles: Int) async throws {
        let image = try Image(4 << 20)
        try image.folder.write("trial.c", Self.trial)
        let room = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/Agent/CDiskAccess").standardizedFileURL.path
        try await WindowsDisk.shell(
            """
            cd \(image.folder.path)
            cc -D_GNU_SOURCE -w -I \(room)/include trial.c \(room)/CDiskAccess.c -o trial
            """)
        let before = try await image.digest()
        let ending = try await RunningProgram("\(image.folder.path)/trial", [image.path, "\(keepsFiles)"]).ending()
        #expect(ending.status == 0 && ending.output == "all tried\n", "\(ending)")
        let after = try await image.digest()
        #expect(after == before)
    }

    @Test(
        "one that reads files and is killed has proved nothing",
        .enabled(
            if: WindowsDisk.isPossible && Vectors.areUnpackable,
            "skipped: ../shared/vectors/hives, xz, ntfs-3g or /dev/fuse is not there"))
    func killed() async throws {
        // A hive of 15 MB keeps it busy for long enough to be seen.
        var content = WindowsContent()
        content.files["Windows/System32/config/SYSTEM"] = try Vectors.unpacked("hives/regipy__SYSTEM_WIN_10_1709.xz")
        let image = try await WindowsDisk.make(content)
        let running = try RunningProgram(InspectTests.program("namesake-agent"), ["inspect", "--json", image.path])
        var isKilled = false
        while !isKilled {
            let reader = try await InspectTests.child(of: running.process)
            let words = try? String(contentsOfFile: "/proc/\(reader)/cmdline", encoding: .utf8)
            if words?.contains("read-volume-of-descriptor-3\0ntfs") == true { isKilled = kill(reader, SIGKILL) == 0 }
        }
        let outcome = try Outcome(try await running.ending())
        #expect(outcome.status == 20 || outcome.status == 21)
        #expect(outcome.text.contains("the files of the ntfs volume \\\"OS\\\": its reader ended early"))
        #expect(outcome.contents.isEmpty, "what it may have said before does not count")
    }

    @Test(
        "one that is stopped, or has used up its processor time, has proved nothing", arguments: ["stopped", "starved"])
    func starved(how: String) async throws {
        let image = try Image(200 << 30)
        let running = try RunningProgram(
            InspectTests.program("namesake-agent"), ["inspect", "--json", "--patience", "2", image.path])
        let reader = try await InspectTests.child(of: running.process)
        // Once it has set its own limits: before, it is not even that program yet.
        var limits = ""
        while !limits.contains("Max address space         536870912 ") {
            limits = try String(contentsOfFile: "/proc/\(reader)/limits", encoding: .utf8)
            await Task.yield()
        }
        #expect(limits.contains(try Regex("Max cpu time +2177 ")), "30 s, and 10 ns for each byte: \(limits)")
        if how == "stopped" {
            kill(reader, SIGSTOP)
        } else {
            try await Tool("prlimit").run(["--pid", "\(reader)", "--cpu=1:1"])
        }
        let outcome = try Outcome(try await running.ending())
        #expect(outcome.status == 21)
        let why = how == "stopped" ? "its reader was silent for 2 seconds" : "its reader ended early (signal 9)"
        #expect(outcome.text.contains(why), "\(outcome.text)")
    }

    @Test(
        "on a terminal a bar tells how far it is, how fast and how long still, and is gone at the end",
        .enabled(if: Tool.areThere("script"), Tool.note))
    func bar() async throws {
        let image = try Image(12 << 30)
        let agent = InspectTests.program("namesake-agent")
        let ending = try await RunningProgram(
            "/usr/bin/script", ["-qec", "\(agent) inspect \(image.path)", "/dev/null"]
        ).ending()
        let text = ending.output
        #expect(text.contains("disk edges [####################] 100 %"), "\(text.prefix(2000))")
        #expect(
            text.contains(try Regex(#"disk surface \[#*\.*\] \d+ %  \d+ MB/s, \d+:\d\d left"#)), "\(text.prefix(2000))")
        #expect(text.contains("\r\u{1B}[K\(image.path)"), "the page begins on a line of its own")
        let plain = try await InspectTests.inspect(["--quick", image.path])
        #expect(!plain.complaints.contains("["), "no bar where nobody looks")
    }
}
