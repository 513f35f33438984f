import AgentTestKit
import DiskInspection
import DiskTestKit
import Foundation
import Glibc
import Testing

/// Every trick that was thought of to get a false "blank".
@Suite("Tricks", .timeLimit(.minutes(3)))
struct TrickTests {
    static let mebi: UInt64 = 1 << 20

    @Test(
        "a disk of any size is blank when it is empty, and never with one byte in its last, partial block",
        arguments: [1, 511, 512, 4095, 4097, 1 << 20 | 1, 128 << 20 | 1, 128 << 20 | 512, 150 << 20 | 3584] as [UInt64])
    func oddSizes(size: UInt64) throws {
        let image = try Image(size)
        for quick in [true, false] { #expect(try image.examine(quick: quick).ruling.verdict == .blank) }
        for place in Set([size - 1, (size - 1) / 4096 * 4096, 0]) {
            for byte: UInt8 in [0x01, 0xFF] where size > 1 || byte == 1 {
                try image.write([byte], at: place)
                for quick in [true, false] { #expect(try image.examine(quick: quick).ruling.verdict >= .unknown) }
                try image.write([0], at: place)
            }
        }
    }

    @Test("of a disk of 0xFF, or in the hole of a sparse file, a single byte is seen when all are read")
    func singleBytes() throws {
        let ones = try Image(140 * Self.mebi)
        try ones.fill(0xFF, 0..<ones.size)
        #expect(try ones.examine().ruling.verdict == .blank)
        for byte: UInt8 in [0x00, 0xFE] {
            try ones.write([byte], at: 69 * Self.mebi + 123_457)
            #expect(try ones.examine().ruling.verdict == .unknown)
        }
        let holes = try Image(3 << 30)
        try holes.write([1], at: 2 << 30 | 123_457)
        #expect(try holes.examine().ruling.verdict == .unknown)
    }

    @Test("a disk that grows, shrinks or is written to while it is read is not proved", arguments: ["5", "3", "4"])
    func changes(gibibytes: String) async throws {
        let image = try Image(4 << 30)
        let running = try RunningProgram(InspectTests.program("namesake-agent"), ["inspect", "--json", image.path])
        _ = try await InspectTests.child(of: running.process)
        let size = off_t(try #require(Int(gibibytes))) << 30
        #expect(truncate(image.path, size) == 0)
        // What is written in front of the reader, and taken away before it comes there, was there all the same.
        if gibibytes == "4" {
            try image.write([1], at: 4 << 30 - 1)
            try image.write([0], at: 4 << 30 - 1)
        }
        let outcome = try Outcome(try await running.ending())
        #expect(outcome.status == 21)
        #expect(outcome.indicators.contains("D8"), "\(outcome.text)")
    }

    @Test("what was written between the proof and the write is seen, wherever it is")
    func writtenSince() async throws {
        let image = try Image(200 * Self.mebi)
        func inspect(_ path: String, _ more: String...) async throws -> RunningProgram.Ending {
            try await InspectTests.inspect(more + [path])
        }
        let leave = "\(image.folder.path)/leave.json"
        #expect(try await inspect(image.path, "--token", leave).status == 0)
        #expect(try await inspect(image.path, "--verify-token", leave).status == 0)
        // Not where the second look reads.
        try image.write([1], at: 100 * Self.mebi + 123_457)
        let ending = try await inspect(image.path, "--verify-token", leave)
        #expect(ending.status == 21)
        #expect(ending.complaints.contains("it was written to since"), "\(ending)")
        guard LoopDevice.isPossible else { return }
        let clean = try Image(200 * Self.mebi)
        try await LoopDevice.with(clean) { device async throws in
            let second = "\(clean.folder.path)/leave.json"
            #expect(try await inspect(device, "--token", second).status == 0)
            #expect(try await inspect(device, "--verify-token", second).status == 0)
            // The same byte as before: only the kernel has seen that it was written.
            try await Tool("dd").run(["if=/dev/zero", "of=\(device)", "bs=512", "count=1", "seek=204801", "conv=fsync"])
            let ending = try await inspect(device, "--verify-token", second)
            #expect(ending.status == 21 && ending.complaints.contains("it was written to since"), "\(ending)")
        }
    }

    @Test("a link that leads elsewhere after the proof is no leave; a disk given twice counts once each")
    func links() async throws {
        let blank = try Image(160 * Self.mebi), used = try Image(160 * Self.mebi)
        try used.write(Array("LABELONE".utf8), at: 512)
        let link = "\(blank.folder.path)/link", leave = "\(blank.folder.path)/leave.json"
        #expect(symlink(blank.path, link) == 0)
        #expect(try await InspectTests.inspect(["--token", leave, link, blank.path]).status == 0)
        #expect(try await InspectTests.inspect(["--verify-token", leave, link]).status == 0)
        #expect(unlink(link) == 0 && symlink(used.path, link) == 0)
        #expect(try await InspectTests.inspect(["--verify-token", leave, link]).status != 0)
        #expect(try await InspectTests.inspect([link]).status == 20)
        #expect(try await InspectTests.inspect([blank.path, link, blank.path]).status == 20)
        #expect(unlink(link) == 0 && symlink("nowhere", link) == 0)
        #expect(try await InspectTests.inspect([link]).status == 21)
    }

    @Test(
        "a disk that fails a read, hangs or ends early is not proved",
        .enabled(if: AilingDisk.isPossible, AilingDisk.note),
        arguments: AilingDisk.Ailment.allCases)
    func ailing(ailment: AilingDisk.Ailment) async throws {
        let words: [AilingDisk.Ailment: String] = [
            .fails: "Input/output error", .hangs: "silent for 2 seconds", .ends: "No data available",
        ]
        // In the middle, away from the grid: only the surface touches it.
        try await AilingDisk.with(ailment, at: 100 * Self.mebi + 700_000, size: 200 * Self.mebi) { path async throws in
            let quick = try await InspectTests.inspect(["--quick", "--patience", "2", path])
            #expect([0, 21].contains(quick.status), "samples may touch it or not")
            let outcome = try Outcome(try await InspectTests.inspect(["--json", "--patience", "2", path]))
            #expect(outcome.status == 21)
            #expect(outcome.text.contains(try #require(words[ailment])), "\(outcome.text)")
        }
        try await AilingDisk.with(ailment, at: 200 * Self.mebi - 1, size: 200 * Self.mebi) { path async throws in
            #expect(try await InspectTests.inspect(["--quick", "--patience", "2", path]).status == 21)
        }
        // The same server with a place that nobody reads: the disk is blank, so that the others can fail.
        try await AilingDisk.with(ailment, at: 300 * Self.mebi, size: 200 * Self.mebi) { path async throws in
            #expect(try await InspectTests.inspect([path]).status == 0)
        }
    }

    @Test("a drive's own read error is not proved blank", .enabled(if: LoopDevice.isPossible, LoopDevice.note))
    func deviceError() async throws {
        let image = try Image(200 * Self.mebi)
        // Past the ends and headers; the image shrinks below its device, which goes on to offer the rest.
        guard try await LoopDevice.takesDirectIO() else {
            return print("skipped: no loop device here reads past the cache")
        }
        try await LoopDevice.with(image, options: ["--direct-io=on"]) { device async throws in
            #expect(truncate(image.path, off_t(199 * Self.mebi)) == 0)
            let outcome = try Outcome(try await InspectTests.inspect(["--json", device]))
            #expect(outcome.status == 21)
            #expect(outcome.indicators.contains("D4"), "\(outcome.text)")
        }
    }

    @Test(
        "a GPT for sectors of 4096 bytes of which only the copy at the end is left is a prior installation",
        .enabled(if: LoopDevice.isPossible && Tool.areThere("sgdisk"), LoopDevice.note))
    func largeSectors() async throws {
        let image = try Image(200 * Self.mebi)
        try await LoopDevice.with(image, options: ["--sector-size", "4096"]) { device async throws in
            try await Tool("sgdisk").run(["-o", "-n1:0:0", "-t1:0700", device])
            try await Tool("dd").run(["if=/dev/zero", "of=\(device)", "bs=1M", "count=1", "conv=fsync"])
            let outcome = try Outcome(try await InspectTests.inspect(["--json", "--quick", device]))
            #expect(outcome.status == 20)
            #expect(outcome.indicators.contains("P3"), "\(outcome.text)")
        }
        // And where the sectors look smaller, as behind another bridge.
        let outcome = try Outcome(try await InspectTests.inspect(["--json", "--quick", image.path]))
        #expect(outcome.indicators.contains("P3"), "\(outcome.text)")
    }

    @Test(
        "a partition instead of its disk is wrong usage, and of a device that sysfs does not know nothing is proved",
        .enabled(if: LoopDevice.isPossible, LoopDevice.note))
    func notTheDisk() async throws {
        let image = try Image(160 * Self.mebi)
        try await LoopDevice.with(image) { device async throws in
            let sysfs = "\(image.folder.path)/sys"
            try await WindowsDisk.shell(
                """
                mkdir -p \(sysfs)/dev/block \(sysfs)/class/block \(sysfs)/block/sdz/sdz1
                echo 1 > \(sysfs)/block/sdz/sdz1/partition; ln -s ../../block/sdz/sdz1 \(sysfs)/class/block/sdz1
                number=$(stat -c %Hr:%Lr \(device)); ln -s ../../block/sdz/sdz1 \(sysfs)/dev/block/$number
                """)
            let ending = try await InspectTests.inspect(["--sysfs", sysfs, device])
            #expect(ending.status == 64)
            #expect(ending.complaints.contains("is a partition of /dev/sdz"), "\(ending)")
            // A node of that name, left from another machine, say.
            try await WindowsDisk.shell(
                """
                cd \(sysfs); mkdir block/sdy; echo 9999:9 > block/sdy/dev; ln -sfn ../../block/sdy dev/block/$(
                    stat -c %Hr:%Lr \(device))
                """)
            let other = try await InspectTests.inspect(["--sysfs", sysfs, device])
            #expect(other.status == 21)
            #expect(other.output.contains("is another device than the one that the kernel calls so"), "\(other)")
            // Its lock cannot be asked for, as an image's need not be.
            let untold = try Outcome(try await InspectTests.inspect(["--json", "--sysfs", "/none", device]))
            #expect(untold.status == 21)
            #expect(untold.text.contains("this kind of drive cannot be asked"), "\(untold.text)")
        }
    }
}
