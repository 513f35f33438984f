import APFSFiles
import AgentTestKit
import DiskTestKit
import Foundation
import Glibc
import Testing

/// Folders of APFS: mkapfs makes a volume without any, so that these are laid into its tree by Apple's reference, and read by
/// sleuthkit too.
@Suite("Folders of APFS", .enabled(if: access("/sbin/mkapfs", X_OK) == 0, "skipped: apfsprogs is not installed"))
struct APFSFolderTests {
    static let block = 4096
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func container(_ file: String) throws -> APFSContainer {
        let bytes = Array(try Data(contentsOf: URL(filePath: file)))
        return try APFSContainer { offset, count in
            let start = Int(clamping: offset)
            return start <= bytes.count - count ? Array(bytes[start..<start + count]) : nil
        }
    }

    @Test("folders are listed, whatever the path's case, and what is not there is not", arguments: [1, 2, 5])
    func listing(leaves: Int) async throws {
        let container = try container(try await MacVolume.make(MacVolume.setUp, in: folder, leaves: leaves))
        let volume = try #require(try container.volumes().first)
        #expect(!volume.isEncrypted)
        #expect(try container.names(in: [], of: volume)?.sorted() == ["Users", "private"])
        #expect(try container.names(in: ["users"], of: volume)?.sorted() == ["Shared", "alice"])
        #expect(
            try container.names(in: ["private", "var", "db"], of: volume)?.sorted() == [".AppleSetupDone", "dslocal"])
        #expect(try container.names(in: ["private", "etc"], of: volume) == nil)
        #expect(try container.names(in: ["Users", "alice"], of: volume) == [])
    }

    @Test(
        "sleuthkit lists the same",
        .enabled(if: access("/usr/bin/fls", X_OK) == 0, "skipped: sleuthkit is not installed"),
        arguments: [1, 5])
    func oracle(leaves: Int) async throws {
        let file = try await MacVolume.make(MacVolume.setUp, in: folder, leaves: leaves)
        let volumes = try await RunningProgram("/usr/bin/pstat", [file]).ending().output
        let place = try #require(volumes.firstMatch(of: /APSB Block Number: *([0-9]+)/)?.output.1)
        let ending = try await RunningProgram("/usr/bin/fls", ["-P", "apfs", "-B", String(place), "-r", "-p", file])
            .ending()
        for path in MacVolume.setUp { #expect(ending.output.contains(path), "\(ending)") }
    }

    @Test("whatever is changed in the tree, with a checksum that fits, listing ends")
    func mutations() async throws {
        let file = try await MacVolume.make(MacVolume.setUp, in: folder)
        let bytes = Array(try Data(contentsOf: URL(filePath: file)))
        let node = try #require(
            stride(from: 0, to: bytes.count, by: Self.block).first { bytes[$0 + 24] == 2 && bytes[$0 + 28] == 14 })
        var word: UInt64 = 1
        func next(_ below: Int) -> Int {
            word = word &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(word >> 33) % below
        }
        for _ in 0..<2000 {
            var changed = Array(bytes[node..<node + Self.block])
            for _ in 0..<1 + next(6) { changed[32 + next(next(2) == 0 ? 200 : Self.block - 32)] = UInt8(next(256)) }
            changed.replaceSubrange(
                0..<8, with: (0..<8).map { UInt8(truncatingIfNeeded: apfsChecksum(changed) >> ($0 * 8)) })
            let container = try APFSContainer { offset, count in
                let start = Int(clamping: offset)
                guard start <= bytes.count - count else { return nil }
                return start == node ? changed : Array(bytes[start..<start + count])
            }
            let volume = try #require(try container.volumes().first)
            _ = try? container.names(in: ["private", "var", "db"], of: volume)
        }
    }
}
