import AgentTestKit
import DiskTestKit
import Foundation
import Testing

/// What an NVMe or ATA drive hears, and what is made of its answers: a loop device, behind a library that takes the program's
/// system calls to drives and answers in a drive's stead.
@Suite(
    "Drives that are asked", .enabled(if: LoopDevice.isPossible && Tool.areThere("cc"), LoopDevice.note),
    .timeLimit(.minutes(2)))
struct AskedDriveTests {
    /// Answers as the environment says.
    ///
    /// TERA, units written to it in TB; HIDES, a namespace that is not attached; DUMB,
    /// nothing. What was asked goes into the file HEARD, a line a command.
    private static let library = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <linux/hdreg.h>
        #include <linux/ioctl.h>
        #include <linux/nvme_ioctl.h>
        #include <linux/sed-opal.h>
        #include <stdarg.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        static void put(uint8_t *place, uint64_t value) { for (int i = 0; i < 8; i++) place[i] = value >> 8 * i; }
        int ioctl(int descriptor, unsigned long request, ...) {
            va_list list;
            va_start(list, request);
            void *argument = va_arg(list, void *);
            va_end(list);
            FILE *heard = fopen(getenv("HEARD"), "a");
            uint64_t tera = getenv("TERA") ? strtoull(getenv("TERA"), 0, 10) : 0;
            int outcome = 0;
            if (request == NVME_IOCTL_ADMIN_CMD) {
                struct nvme_admin_cmd *command = argument;
                uint8_t *answer = (uint8_t *)(uintptr_t)command->addr;
                fprintf(heard, "nvme %02x %08x %u\\n", command->opcode, command->cdw10, command->data_len);
                if (getenv("DUMB")) outcome = 0x2002;
                else if (command->opcode == 2) { put(answer + 48, tera * 1953125); put(answer + 128, 99); }
                else if ((command->cdw10 & 0xFF) == 1) answer[256] = getenv("HIDES") ? 8 : 0;
                else { answer[0] = 1; if ((command->cdw10 & 0xFF) == 0x10) answer[4] = 2; }
            } else if (request == HDIO_DRIVE_CMD) {
                uint8_t *data = argument;
                fprintf(heard, "ata %02x %02x %02x %02x\\n", data[0], data[1], data[2], data[3]);
                data += 4;
                memset(data, 0, 512);
                data[2] = 241;
                put(data + 7, tera * 1953125000);
                for (int i = 0; i < 511; i++) data[511] -= data[i];
            } else if (request == HDIO_GET_IDENTITY) {
                memset(argument, 0, 512);
                ((uint8_t *)argument)[167] = 0x40;
            } else if (request == IOC_OPAL_GET_STATUS) {
                errno = EOPNOTSUPP;
                outcome = -1;
            } else {
                outcome = syscall(SYS_ioctl, descriptor, request, argument);
            }
            fclose(heard);
            return outcome;
        }
        """

    /// Inspects a blank disk that has that name in the kernel, and says what it heard.
    private func inspect(
        _ name: String, _ settings: [String] = [], _ options: [String] = []
    ) async throws -> (outcome: Outcome, heard: [String]) {
        let image = try Image(160 << 20)
        let folder = image.folder.path, heard = "\(image.folder.path)/heard"
        try image.folder.write("asked.c", Self.library)
        try await WindowsDisk.shell("cc -shared -fPIC -o \(folder)/asked.so \(folder)/asked.c; : > \(heard)")
        var result: RunningProgram.Ending?
        try await LoopDevice.with(image, options: ["--read-only"]) { device in
            let sysfs = "\(folder)/sys", place = "\(sysfs)/devices/pci0/ata1/\(name)"
            try await WindowsDisk.shell(
                """
                mkdir -p \(sysfs)/dev/block \(sysfs)/block/\(name) \(sysfs)/class/block/\(name) \(place)
                ln -s \(place) \(sysfs)/block/\(name)/device
                echo 0 0 0 0 0 0 0 0 0 0 0 > \(sysfs)/class/block/\(name)/stat
                ln -s ../../block/\(name) \(sysfs)/dev/block/$(stat -c %Hr:%Lr \(device))
                """)
            let words = ["LD_PRELOAD=\(folder)/asked.so", "HEARD=\(heard)"] + settings
            result = try await RunningProgram(
                "/usr/bin/env",
                words + [InspectTests.program("namesake-agent-inspect"), "--json", "--sysfs", sysfs] + options + [
                    device
                ]
            ).ending()
        }
        let ending = try #require(result)
        try await InspectTests.checkSchema(ending.output, in: image.folder)
        let lines = try String(contentsOfFile: heard, encoding: .utf8).split(separator: "\n").map(String.init)
        return (try Outcome(ending), lines)
    }

    @Test("an NVMe drive hears nothing but to identify itself and to tell its health, and its use is shown")
    func nvme() async throws {
        let (outcome, heard) = try await inspect("nvme9n1", ["TERA=3"])
        #expect(outcome.status == 0, "\(outcome.text)")
        #expect(outcome.text.contains("3000 GB were written to it, on for 99 hours"))
        #expect(heard == ["nvme 06 00000001 4096", "nvme 02 007f0002 512"])
    }

    @Test("with a limit, a drive that wrote more is not proved blank, nor one that does not tell; a person may accept")
    func limit() async throws {
        let more = try await inspect("nvme9n1", ["TERA=3"], ["--most-written", "2.5"]).outcome
        #expect(more.status == 21 && more.indicators.contains("D6"))
        #expect(try await inspect("nvme9n1", ["TERA=3"], ["--most-written", "3"]).outcome.status == 0)
        let accepted = ["--most-written", "2.5", "--accept", "wear"]
        #expect(try await inspect("nvme9n1", ["TERA=3"], accepted).outcome.status == 0)
        let mute = ["--accept", "native-size"]
        #expect(try await inspect("nvme9n1", ["DUMB=1"]).outcome.status == 21, "its namespaces are not known")
        #expect(try await inspect("nvme9n1", ["DUMB=1"], mute).outcome.status == 0)
        #expect(try await inspect("nvme9n1", ["DUMB=1"], mute + ["--most-written", "9"]).outcome.status == 21)
    }

    @Test("a namespace that is not attached is not overlooked")
    func hidden() async throws {
        let (outcome, heard) = try await inspect("nvme9n1", ["HIDES=1"])
        #expect(outcome.status == 21 && outcome.indicators.contains("D5"), "\(outcome.text)")
        #expect(outcome.text.contains("1 namespaces of the drive are not attached: 2"))
        #expect(heard == [1, 2, 0x10].map { String(format: "nvme 06 %08x 4096", $0) } + ["nvme 02 007f0002 512"])
    }

    @Test("an ATA drive hears SMART READ DATA, and its use is shown")
    func ata() async throws {
        let (outcome, heard) = try await inspect("sdz", ["TERA=7"])
        #expect(outcome.status == 0, "\(outcome.text)")
        #expect(outcome.text.contains("7000 GB were written to it"))
        #expect(heard == ["ata b0 00 d0 01"])
        #expect(try await inspect("sdz", ["TERA=7"], ["--most-written", "6.9"]).outcome.status == 21)
    }
}
