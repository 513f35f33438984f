import AgentTestKit
import DiskInspection
import DiskTestKit
import Foundation
import Testing

@Suite("The leave to write", .timeLimit(.minutes(2)))
struct TokenTests {
    static let mebi: UInt64 = 1 << 20

    static func identity(_ path: String = "/dev/sda", serial: String? = "S1") -> WriteToken.Identity {
        var device = BlockDevice(image: path)
        device.serial = serial
        return WriteToken.Identity(device, size: 1000)
    }
    static let token = WriteToken(
        made: 100, bootID: "boot", disks: [identity()], coversMachine: true, evidence: "00")

    @Test("holds for its disk, in its life and its start of the system, and for nothing else")
    func refusals() {
        func refusal(_ disk: WriteToken.Identity, _ boot: String = "boot", _ now: UInt64 = 100) -> String? {
            Self.token.refusal(for: disk, bootID: boot, now: now)
        }
        #expect(refusal(Self.identity()) == nil)
        #expect(refusal(Self.identity(), "boot", 100 + 15 * 60) == nil)
        #expect(refusal(Self.identity(), "boot", 101 + 15 * 60) == "it is older than 15 minutes")
        #expect(refusal(Self.identity(), "boot", 99) != nil)
        #expect(refusal(Self.identity(), "other") == "the system was started again since")
        #expect(refusal(Self.identity(serial: "S2"))?.hasPrefix("another disk is at that path") == true)
        #expect(refusal(Self.identity("/dev/sdb"))?.hasPrefix("the disk was not among") == true)
        var changed = Self.identity()
        changed.size = 1001
        #expect(refusal(changed) != nil)
        var unknown = Self.token
        unknown.bootID = ""
        #expect(unknown.refusal(for: Self.identity(), bootID: "", now: 100) != nil)
    }

    @Test("is written for a blank disk alone, holds for it, and not once the disk is in use")
    func life() async throws {
        let image = try Image(160 * Self.mebi)
        let file = "\(image.folder.path)/leave.json"
        #expect(try await inspect(["--token", file, image.path]).status == 0)
        #expect(try await inspect(["--verify-token", file, image.path]).status == 0)
        let other = try Image(160 * Self.mebi)
        #expect(try await inspect(["--verify-token", file, other.path]).status == 21)
        try await Tool("mkfs.ext4").run(["-q", "-F", image.path])
        #expect(try await inspect(["--verify-token", file, image.path]).status == 20)
        let second = "\(image.folder.path)/second.json"
        #expect(try await inspect(["--token", second, image.path]).status == 20)
        #expect(!FileManager.default.fileExists(atPath: second))
    }

    @Test("of another start, unreadable or missing, it is no leave")
    func foreign() async throws {
        let image = try Image(160 * Self.mebi)
        let file = "\(image.folder.path)/leave.json"
        #expect(try await inspect(["--token", file, image.path]).status == 0)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let boot = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8).prefix(36)
        try image.folder.write("earlier", text.replacing(boot, with: "00000000-0000-0000-0000-000000000000"))
        try image.folder.write("garbage", String(text.dropLast(40)))
        for name in ["earlier", "garbage", "missing"] {
            let ending = try await inspect(["--verify-token", "\(image.folder.path)/\(name)", image.path])
            #expect(ending.status == 21, "\(name)")
            #expect(ending.complaints.hasPrefix("Do not write: "))
        }
        #expect(try await inspect(["--verify-token", file]).status == 64)
    }

    @Test("the recipe writes an image to a blank disk, and never to one in use, or to another than the one inspected")
    func recipe() async throws {
        let image = try Image(160 * Self.mebi)
        let source = try image.folder.write("source", String(repeating: "image", count: 1000))
        let write = ["dd", "if=\(source)", "of=\(image.path)", "conv=notrunc", "status=none"]
        let other = try Image(160 * Self.mebi)
        #expect(try await recipe(inspecting: other, writingTo: image, write) == 21)
        #expect(try Disk(image.path).bytes(at: 0, count: 5) == [0, 0, 0, 0, 0])
        #expect(try await recipe(inspecting: image, writingTo: image, write) == 0)
        #expect(try Disk(image.path).bytes(at: 0, count: 5) == Array("image".utf8))
        try await Tool("mkfs.ext4").run(["-q", "-F", image.path])
        let before = try await image.digest()
        #expect(try await recipe(inspecting: image, writingTo: image, write) == 20)
        let after = try await image.digest()
        #expect(after == before)
    }

    private func recipe(inspecting: Image, writingTo: Image, _ command: [String]) async throws -> Int32 {
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../packaging/recipes/write-image.sh").standardizedFileURL.path
        let settings = ["NAMESAKE_AGENT=\(Self.agent)", "NAMESAKE_ARGUMENTS=\(inspecting.path)"]
        return try await RunningProgram("/usr/bin/env", settings + ["sh", script, writingTo.path] + command).ending()
            .status
    }

    @Test("the hash is that of sha256sum, for every length around a block")
    func hash() async throws {
        let folder = try TemporaryFolder()
        for count in [0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 128, 1000] {
            let text = String(repeating: "n", count: count)
            let file = try folder.write("message", text)
            let own = sha256(Array(text.utf8)).map { String(format: "%02x", $0) }.joined()
            let other = try await Tool("sha256sum").run([file])
            #expect(other.hasPrefix(own), "\(count)")
        }
    }

    private func inspect(_ arguments: [String]) async throws -> RunningProgram.Ending {
        try await RunningProgram(Self.agent, ["inspect"] + arguments).ending()
    }

    private static let agent = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "namesake-agent").path
}
