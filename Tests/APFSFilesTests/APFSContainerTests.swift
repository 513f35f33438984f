import APFSFiles
import AgentTestKit
import Glibc
import Testing

/// Containers made by mkapfs.
@Suite("Reading APFS", .enabled(if: access("/sbin/mkapfs", X_OK) == 0, "skipped: apfsprogs is not installed"))
struct APFSContainerTests {
    static let block = 4096

    /// The blocks that are not zero, by their place in blocks.
    private func made(_ options: String) async throws -> [UInt64: [UInt8]] {
        let folder = try TemporaryFolder()
        let program = "cd \(folder.path); truncate -s 128M volume; mkapfs \(options) volume"
        let ending = try await RunningProgram("/bin/sh", ["-ec", program]).ending()
        try #require(ending.status == 0, "\(ending.complaints)")
        let descriptor = open("\(folder.path)/volume", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var blocks: [UInt64: [UInt8]] = [:]
        for number in 0..<UInt64(128 << 20) / UInt64(Self.block) {
            var bytes = [UInt8](repeating: 0, count: Self.block)
            try #require(pread(descriptor, &bytes, bytes.count, off_t(number) * off_t(Self.block)) == bytes.count)
            if bytes.contains(where: { $0 != 0 }) { blocks[number] = bytes }
        }
        return blocks
    }

    private func names(_ blocks: [UInt64: [UInt8]]) throws(APFSFault) -> [String] {
        let container = try APFSContainer { offset, count in
            guard offset + UInt64(count) <= 128 << 20, count == Self.block else { return nil }
            return blocks[offset / UInt64(Self.block)] ?? [UInt8](repeating: 0, count: count)
        }
        return try container.volumes().map(\.name)
    }

    /// With the checksum that fits what the block holds now.
    private func sealed(_ block: [UInt8]) -> [UInt8] {
        let sum = apfsChecksum(block)
        return (0..<8).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) } + block[8...]
    }

    @Test("a volume's name is the one that mkapfs was given", arguments: ["Macintosh HD", "Überall", "x"])
    func name(label: String) async throws {
        #expect(try names(try await made("-L '\(label)'")) == [label])
    }

    @Test(
        "sleuthkit reads the same name",
        .enabled(if: access("/usr/bin/pstat", X_OK) == 0, "skipped: sleuthkit is not installed"))
    func oracle() async throws {
        let folder = try TemporaryFolder()
        let program = "cd \(folder.path); truncate -s 128M volume; mkapfs -L Macintosh volume; pstat volume"
        let ending = try await RunningProgram("/bin/sh", ["-ec", program]).ending()
        #expect(ending.output.contains("Macintosh"), "\(ending)")
    }

    @Test("the latest checkpoint counts, and one that was not written to its end does not")
    func checkpoints() async throws {
        var blocks = try await made("-L Old")
        let volume = try #require(blocks.first { $0.value[32..<36].elementsEqual("APSB".utf8) })
        let head = try #require(blocks[0])
        // A later superblock names a volume of another identifier, which the object map does not have.
        var later = head
        later[16] += 1
        later[184] += 1
        let first = UInt64(head[112]) | UInt64(head[113]) << 8
        let free = try #require((first..<first + UInt64(head[104])).first { blocks[$0] == nil })
        blocks[free] = later
        #expect(try names(blocks) == ["Old"], "its checksum is that of the one before")
        blocks[free] = sealed(later)
        #expect(throws: APFSFault.self) { try names(blocks) }
        blocks[free] = nil
        // Renamed, as the volume's superblock says.
        var renamed = volume.value
        renamed.replaceSubrange(704..<708, with: Array("New\0".utf8))
        blocks[volume.key] = renamed
        #expect(throws: APFSFault.self) { try names(blocks) }
        blocks[volume.key] = sealed(renamed)
        #expect(try names(blocks) == ["New"])
    }

    @Test("whatever is changed, with a checksum that fits or not, reading ends and names nobody else")
    func mutations() async throws {
        let blocks = try await made("-L Macintosh")
        // Only what is read for the names: superblocks (types 1 and 13), the object map (11), its root (2).
        let places = blocks.filter { [1, 2, 11, 13].contains($0.value[24]) }.keys.sorted()
        var (refused, read) = (0, 0)
        var word: UInt64 = 1
        func next(_ below: Int) -> Int {
            word = word &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(word >> 33) % below
        }
        for round in 0..<300 {
            var changed = blocks
            for _ in 0...next(3) {
                let place = places[next(places.count)]
                var block = try #require(changed[place])
                block[8 + next(round % 2 == 0 ? 250 : Self.block - 8)] = UInt8(truncatingIfNeeded: next(256))
                changed[place] = round % 10 == 0 ? block : sealed(block)
            }
            do throws(APFSFault) {
                let found = try names(changed)
                #expect(found.count <= 100)
                read += 1
            } catch { refused += 1 }
        }
        #expect(refused > 10 && read > 10, "\(refused) refused, \(read) read")
    }
}
