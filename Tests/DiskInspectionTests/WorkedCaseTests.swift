import AgentTestKit
import DiskInspection
import DiskTestKit
import Testing

/// The worked cases of the reference on prior installations (section 4.5), on images that the real tools make.
@Suite("Worked cases")
struct WorkedCaseTests {
    static let mebi: UInt64 = 1 << 20
    static let size = 200 * mebi

    @Test("a zeroed disk is blank", arguments: [true, false])
    func zeros(quick: Bool) throws {
        let report = try Image(Self.size).examine(quick: quick)
        #expect(report.ruling.verdict == .blank, "\(report.ruling.reasons)")
        #expect(report.bytesRead >= (quick ? 128 * Self.mebi : Self.size))
    }

    @Test("an erased disk of 0xFF is blank", arguments: [true, false])
    func ones(quick: Bool) throws {
        let image = try Image(Self.size)
        try image.fill(0xFF, 0..<Self.size)
        #expect(try image.examine(quick: quick).ruling.verdict == .blank)
    }

    @Test("a disk of another constant, or of two, is not proved blank")
    func otherConstants() throws {
        let image = try Image(Self.size)
        try image.fill(0x55, 0..<Self.size)
        #expect(try image.examine().ruling.verdict == .unknown)
        let halves = try Image(Self.size)
        try halves.fill(0xFF, 0..<Self.size / 2)
        #expect(try halves.examine().ruling.verdict == .unknown)
    }

    @Test("random data is unknown: wiped, or encrypted without a header")
    func noise() async throws {
        let image = try Image(24 * Self.mebi)
        try await Tool("dd").run(["if=/dev/urandom", "of=\(image.path)", "bs=1M", "count=24", "conv=notrunc"])
        let report = try image.examine()
        #expect(report.ruling.verdict == .unknown)
        #expect(report.evidence.contains { $0.indicator == .randomContent })
    }

    @Test("an empty GPT is unknown", .enabled(if: Tool.areThere("sgdisk"), Tool.note))
    func emptyTable() async throws {
        let image = try Image(Self.size)
        try await Tool("sgdisk").run(["-o", image.path])
        let report = try image.examine()
        #expect(report.ruling.verdict == .unknown)
        #expect(report.evidence.contains { $0.indicator == .emptyTable })
        #expect(!report.evidence.contains { $0.indicator == .content })
    }

    @Test("a GPT whose partitions are constant is unknown", .enabled(if: Tool.areThere("sgdisk"), Tool.note))
    func constantPartitions() async throws {
        let image = try Image(Self.size)
        try await Tool("sgdisk").run(["-o", "-n1:2048:+50M", "-t1:0700", "-n2:0:0", "-t2:ef00", image.path])
        let report = try image.examine()
        #expect(report.partitions.count == 2)
        #expect(report.partitions.first?.extent == Self.mebi..<51 * Self.mebi)
        #expect(report.ruling.verdict == .unknown)
        #expect(report.evidence.contains { $0.indicator == .partitions && $0.weight == .weak })
    }

    @Test(
        "a GPT with one byte in a partition is a prior installation", .enabled(if: Tool.areThere("sgdisk"), Tool.note))
    func oneByte() async throws {
        let image = try Image(Self.size)
        try await Tool("sgdisk").run(["-o", "-n1:2048:+50M", "-t1:0700", image.path])
        try image.write([1], at: 20 * Self.mebi)
        #expect(try image.examine().ruling.verdict == .prior)
    }

    @Test("a backup GPT alone is a prior installation", .enabled(if: Tool.areThere("sgdisk"), Tool.note))
    func backupTable() async throws {
        let image = try Image(Self.size)
        try await Tool("sgdisk").run(["-o", "-n1:2048:+50M", "-t1:0700", image.path])
        try image.fill(0, 0..<Self.mebi)
        let report = try image.examine()
        #expect(report.ruling.verdict == .prior)
        #expect(report.evidence.contains { $0.indicator == .backupTableOnly })
    }

    @Test("a GPT with a changed byte is never blank", .enabled(if: Tool.areThere("sgdisk"), Tool.note))
    func damagedTable() async throws {
        let image = try Image(Self.size)
        try await Tool("sgdisk").run(["-o", image.path])
        try image.write([0x77], at: 512 + 60)
        try image.write([0x77], at: Self.size - 512 + 60)
        let report = try image.examine()
        #expect(report.ruling.verdict >= .unknown)
        #expect(report.evidence.contains { $0.text.contains("wrong checksum") })
    }

    @Test("a freshly made NTFS is a prior installation", .enabled(if: Tool.areThere("sgdisk", "mkntfs"), Tool.note))
    func freshNTFS() async throws {
        let report = try await Image.windowsLike().examine()
        #expect(report.ruling.verdict == .prior)
        #expect(report.volumes.contains { $0.type == "ntfs" && $0.label == "OS" })
    }

    @Test(
        "a Windows disk with both ends wiped is a prior installation",
        .enabled(if: Tool.areThere("sgdisk", "mkntfs", "mkfs.vfat"), Tool.note))
    func cleanedWindows() async throws {
        let image = try await Image.windowsLike()
        try image.fill(0, 0..<Self.mebi)
        try image.fill(0, Self.size - Self.mebi..<Self.size)
        let report = try image.examine()
        #expect(report.ruling.verdict == .prior)
        #expect(report.evidence.contains { $0.indicator == .lostVolume && $0.offset == Self.mebi })
    }

    @Test(
        "ext4 with its first 4 KiB wiped is a prior installation", .enabled(if: Tool.areThere("mkfs.ext4"), Tool.note))
    func wipedExt() async throws {
        let image = try Image(Self.size)
        try await Tool("mkfs.ext4").run(["-q", "-F", image.path])
        try image.fill(0, 0..<4096)
        let report = try image.examine()
        #expect(report.ruling.verdict == .prior)
        #expect(report.evidence.contains { $0.text.contains("ext superblock") })
    }

    @Test(
        "LUKS2 with its first header wiped is a prior installation",
        .enabled(if: Tool.areThere("cryptsetup"), Tool.note))
    func wipedLUKS() async throws {
        let image = try Image(Self.size)
        try await image.encrypt()
        try image.fill(0, 0..<4096)
        let report = try image.examine()
        #expect(report.ruling.verdict == .prior)
        #expect(report.evidence.contains { $0.indicator == .encryptedVolume })
    }

    @Test("the image is the same before and after", .enabled(if: Tool.areThere("sgdisk", "mkntfs"), Tool.note))
    func changesNothing() async throws {
        let image = try await Image.windowsLike()
        let before = try await image.digest()
        _ = try image.examine()
        let after = try await image.digest()
        #expect(after == before)
    }
}
