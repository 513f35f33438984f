import AgentTestKit
import DiskInspection
import DiskTestKit
import Testing

@Suite("Partition tables")
struct TableTests {
    static let mebi: UInt64 = 1 << 20

    @Test(
        "a GPT is read as sgdisk wrote it, its backup too, and the disk's whole of partitions",
        .enabled(if: Tool.areThere("sgdisk"), Tool.note))
    func gpt() async throws {
        let image = try Image(64 * Self.mebi)
        try await Tool("sgdisk").run([
            "-o", "-n1:2048:+10M", "-t1:ef00", "-c1:EFI system", "-u1:00112233-4455-6677-8899-AABBCCDDEEFF", "-n3:0:0",
            "-t3:8300", image.path,
        ])
        let both = try TableFindings.read(try Disk(image.path))
        #expect(both.tables.map(\.scheme) == [.gpt, .gpt, .mbr])
        let first = try #require(both.partitions.first)
        #expect(first.name == "EFI system")
        #expect(first.type == "C12A7328-F81F-11D2-BA4B-00A0C93EC93B")
        #expect(first.uniqueID == "00112233-4455-6677-8899-AABBCCDDEEFF")
        #expect(first.extent == Self.mebi..<11 * Self.mebi)
        #expect(both.partitions.map(\.number) == [1, 3])
        try image.fill(0, 0..<Self.mebi)
        let backup = try TableFindings.read(try Disk(image.path))
        #expect(backup.tables.map(\.isBackup) == [true])
        #expect(backup.partitions == both.partitions)
    }

    @Test("an MBR is read as sfdisk wrote it, logical partitions too", .enabled(if: Tool.areThere("sfdisk"), Tool.note))
    func mbr() async throws {
        let image = try Image(64 * Self.mebi)
        let script = try image.folder.write(
            "script", "label: dos\n2048,20480,7\n22528,40960,5\n24576,8192,83\n34816,8192,82\n")
        try await Tool("sh").run(["-c", "sfdisk -q \(image.path) < \(script)"])
        let findings = try TableFindings.read(try Disk(image.path))
        #expect(findings.partitions.map(\.type) == ["07", "83", "82"])
        #expect(findings.partitions.map(\.extent.lowerBound) == [2048, 24576, 34816].map { $0 * 512 })
        #expect(try image.examine().ruling.verdict == .unknown)
    }

    @Test("a table that lies is never blank and never a trap", .enabled(if: Tool.areThere("sgdisk"), Tool.note))
    func lies() async throws {
        let image = try Image(8 * Self.mebi)
        try await Tool("sgdisk").run(["-o", "-n1:2048:+2M", "-n2:0:0", image.path])
        let sound = try Disk(image.path).bytes(at: 0, count: 34 * 512)
        for seed in 0..<400 as Range<UInt64> {
            var generator = SeededGenerator(seed)
            var front = sound
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                // Whole words of an extreme kind: lengths, counts and places are where a reader goes wrong.
                let place = [
                    512 + 8 * Int.random(in: 1...12, using: &generator),
                    1024 + 8 * Int.random(in: 0...40, using: &generator),
                    446 + Int.random(in: 0...55, using: &generator),
                ][Int(seed % 3)]
                let byte: UInt8 = [0x00, 0xFF, 0x7F, 0x80].randomElement(using: &generator) ?? 0
                front.replaceSubrange(place..<place + 8, with: [UInt8](repeating: byte, count: 8))
            }
            Self.seal(&front)
            try image.write(front, at: 0)
            let verdict = try image.examine(quick: true).ruling.verdict
            #expect(verdict > .factory, "seed \(seed)")
        }
    }

    /// Makes both checksums fit again, so that the reader gets past them.
    private static func seal(_ front: inout [UInt8]) {
        func store(_ crc: UInt32, at place: Int) {
            for index in 0..<4 { front[place + index] = UInt8(crc >> (8 * UInt32(index)) & 0xFF) }
        }
        store(crc(front[1024..<34 * 512]), at: 512 + 88)
        store(0, at: 512 + 16)
        store(crc(front[512..<512 + 92]), at: 512 + 16)
    }

    /// Bit by bit, as the standard has it; the room's own goes by a table.
    private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
