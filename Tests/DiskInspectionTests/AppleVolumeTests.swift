import AgentTestKit
import DiskInspection
import DiskTestKit
import Foundation
import Testing

/// Volumes of macOS, by their names.
@Suite("Apple's volumes", .timeLimit(.minutes(2)))
struct AppleVolumeTests {
    @Test(
        "an APFS volume is prior and named, on the page too",
        .enabled(if: Tool.areThere("mkapfs", "sgdisk"), Tool.note))
    func apfs() async throws {
        let volume = try Image(150 << 20)
        try await Tool("mkapfs").run(["-L", "Macintosh HD", volume.path])
        let disk = try Image(200 << 20)
        try await Tool("sgdisk").run([
            "-o", "-n1:2048:+150M", "-t1:7C3457EF-0000-11AA-AA11-00306543ECAC", disk.path,
        ])
        try await disk.place(volume, at: 1 << 20)
        let outcome = try await Outcome.inspecting(disk)
        #expect(outcome.status == 20)
        #expect(outcome.indicators.contains("M1"))
        #expect(try await InspectTests.inspect([disk.path]).output.contains("APFS volume \"Macintosh HD\""))
        // Its superblocks are gone: prior all the same, and nobody is named.
        for block in try await Self.marked("APSB", in: volume) {
            try disk.fill(0, (1 << 20) + block..<(1 << 20) + block + 4096)
        }
        let damaged = try await Outcome.inspecting(disk)
        #expect(damaged.status == 20)
        #expect(damaged.indicators.contains("W19") && !damaged.text.contains("Macintosh"))
    }

    @Test(
        "whether macOS was set up, and who uses it, is shown",
        .enabled(if: Tool.areThere("mkapfs", "sgdisk"), Tool.note))
    func setUp() async throws {
        let folder = try TemporaryFolder()
        let volume = try await MacVolume.make(MacVolume.setUp, in: folder)
        let disk = try Image(200 << 20)
        try await Tool("sgdisk").run([
            "-o", "-n1:2048:+128M", "-t1:7C3457EF-0000-11AA-AA11-00306543ECAC", disk.path,
        ])
        try await Tool("dd").run(["if=\(volume)", "of=\(disk.path)", "bs=1M", "seek=1", "conv=notrunc", "status=none"])
        let outcome = try await Outcome.inspecting(disk)
        #expect(outcome.status == 20)
        #expect(outcome.indicators.isSuperset(of: ["M1", "M2"]), "\(outcome.text)")
        #expect(outcome.volumes.first?["users"] as? [String] == ["alice"])
        #expect(try await InspectTests.inspect([disk.path]).output.contains("users  1: alice"))
    }

    @Test("an HFS+ volume is prior and named", .enabled(if: Tool.areThere("xorriso"), Tool.note))
    func hfsPlus() async throws {
        let folder = try TemporaryFolder()
        try await WindowsDisk.shell(
            "cd \(folder.path); mkdir tree; echo 1 > tree/a; xorriso -as mkisofs -hfsplus -V MACOS -o iso tree")
        // Its volume begins 1024 bytes before that mark; the rest of such an image is another volume.
        let bytes = Array(try Data(contentsOf: URL(filePath: "\(folder.path)/iso")))
        let header = try #require(
            stride(from: 0, to: bytes.count - 512, by: 512).first {
                bytes[$0..<$0 + 4].elementsEqual([0x48, 0x2B, 0, 4])
            })
        let disk = try Image(160 << 20)
        try disk.write(Array(bytes[(header - 1024)...]), at: 0)
        let outcome = try await Outcome.inspecting(disk)
        #expect(outcome.status == 20)
        #expect(outcome.indicators.contains("M1"))
        #expect(outcome.text.contains("hfsplus volume \\\"MACOS\\\""), "\(outcome.text)")
    }

    private static func marked(_ mark: String, in image: Image) async throws -> [UInt64] {
        let bytes = try Data(contentsOf: URL(filePath: image.path))
        return stride(from: 0, to: bytes.count, by: 4096).filter { bytes[$0 + 32..<$0 + 36].elementsEqual(mark.utf8) }
            .map { UInt64($0) }
    }
}
