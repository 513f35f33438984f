import AgentTestKit
import DiskTestKit
import Foundation
import Testing

/// How much memory the reading of a disk takes, by the kernel's account (GNU time).
@Suite(
    "Memory", .enabled(if: WindowsDisk.isPossible && Tool.areThere("time"), WindowsDisk.note), .timeLimit(.minutes(2)))
struct MemoryTests {
    /// In bytes, of the largest of its processes.
    private func peak(_ image: Image) async throws -> (bytes: Int, ending: RunningProgram.Ending) {
        let file = "\(image.folder.path)/peak"
        let time = try #require(Tool("time").path)
        let ending = try await RunningProgram(
            time, ["-q", "-f", "%M", "-o", file, InspectTests.program("namesake-agent-inspect"), image.path]
        ).ending()
        let text = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        return (try #require(Int(text)) * 1024, ending)
    }

    @Test("a hive is held once, also while its log is carried in, and a disk without one takes little")
    func hive() async throws {
        let small = try await WindowsDisk.make(WindowsContent.used)
        let (little, _) = try await peak(small)
        #expect(little < 40_000_000)

        var content = WindowsContent.used
        let hive = Self.padded(content.software.hive(), to: 48 << 20)
        content.files["Windows/System32/config/SOFTWARE"] = hive
        let clean = try await peak(try await WindowsDisk.make(content))
        #expect(clean.ending.status == 20)
        #expect(clean.ending.output.contains("owner  Alice Example"), "it was read")
        // libhivex keeps a bit for each four bytes beside it.
        #expect(clean.bytes < little + hive.count * 5 / 4, "\(clean.bytes)")

        // As it was before its last 8 MiB were written, which stand in the log.
        var torn = hive
        torn.replaceSubrange(40 << 20..<48 << 20, with: [UInt8](repeating: 0, count: 8 << 20))
        (torn[4], torn[8]) = (9, 8)
        Self.seal(&torn)
        var log = Array(torn[..<512])
        (log[4], log[8], log[28]) = (9, 9, 1)
        Self.seal(&log)
        let pages = (hive.count - 4096) / 512
        let written = (0..<pages).map { 4096 + $0 * 512 >= 40 << 20 }
        let bitmap = stride(from: 0, to: pages, by: 8).map { byte in
            (0..<8).reduce(UInt8(0)) { $0 | (written[byte + $1] ? 1 << UInt8($1) : 0) }
        }
        log += Array("DIRT".utf8) + bitmap
        log += [UInt8](repeating: 0, count: (512 - log.count % 512) % 512) + hive[(40 << 20)...]
        content.files["Windows/System32/config/SOFTWARE"] = torn
        content.files["Windows/System32/config/SOFTWARE.LOG1"] = log
        let replayed = try await peak(try await WindowsDisk.make(content))
        #expect(replayed.ending.output.contains("W18  the registry's SOFTWARE was not closed"))
        #expect(replayed.ending.output.contains("owner  Alice Example"))
        #expect(replayed.bytes < little + hive.count * 5 / 4, "\(replayed.bytes)")
    }

    /// With bins behind it in which nothing is, of 4 KiB each.
    private static func padded(_ hive: [UInt8], to size: Int) -> [UInt8] {
        func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
        var bytes = hive
        while bytes.count + 4096 <= size {
            bytes += Array("hbin".utf8) + word(bytes.count - 4096) + word(4096) + [UInt8](repeating: 0, count: 20)
            // Not zeros, which could be a hole.
            bytes += word(4096 - 32) + [UInt8](repeating: 0x5A, count: 4096 - 36)
        }
        bytes.replaceSubrange(40..<44, with: word(bytes.count - 4096))
        seal(&bytes)
        return bytes
    }

    /// Makes the checksum of a base block right.
    private static func seal(_ block: inout [UInt8]) {
        var sum: [UInt8] = [0, 0, 0, 0]
        for index in 0..<508 { sum[index % 4] ^= block[index] }
        block.replaceSubrange(508..<512, with: sum)
    }
}
