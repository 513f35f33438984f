import AgentTestKit
import DiskTestKit
import Foundation
import Testing

/// A Linux on ext4, made by `mkfs.ext4 -d` from a folder.
@Suite("Linux on a disk", .enabled(if: Tool.areThere("mkfs.ext4"), Tool.note), .timeLimit(.minutes(3)))
struct LinuxContentTests {
    /// Contents by paths below the root.
    static let used: [String: [UInt8]] = [
        "usr/lib/os-release": Array("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n".utf8),
        "etc/hostname": Array("lab-pc-042\n".utf8),
        "etc/machine-id": Array("0123456789abcdef0123456789abcdef\n".utf8),
        "etc/passwd": Array("root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n".utf8),
        "home/bob/notes": [1],
        "etc/sssd/sssd.conf": Array("[sssd]\ndomains = ad.example.org\n[domain/ad.example.org]\n".utf8),
        "etc/ssh/ssh_host_rsa_key.pub": [1],
        "var/log/wtmp": login(kind: 7, at: 1_700_000_000) + login(kind: 8, at: 1_800_000_000),
    ]

    /// A record of utmp(5).
    static func login(kind: UInt8, at seconds: UInt32) -> [UInt8] {
        var record = [UInt8](repeating: 0, count: 384)
        record[0] = kind
        for index in 0..<4 { record[340 + index] = UInt8(truncatingIfNeeded: seconds >> (8 * index)) }
        return record
    }

    static func make(_ files: [String: [UInt8]], options: String = "") async throws -> Image {
        let image = try Image(160 << 20)
        let root = "\(image.folder.path)/root"
        for (path, bytes) in files {
            let file = URL(filePath: "\(root)/\(path)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
        try await WindowsDisk.shell(
            """
            mkdir -p \(root)/etc; ln -s ../usr/lib/os-release \(root)/etc/os-release
            mkfs.ext4 -q -F \(options) -d \(root) \(image.path)
            """)
        return image
    }

    private func contents(_ image: Image) async throws -> (status: Int32, contents: [String: Any], text: String) {
        let before = try await image.digest()
        let ending = try await InspectTests.inspect(["--json", image.path])
        let after = try await image.digest()
        #expect(after == before, "the image was changed")
        try await InspectTests.checkSchema(ending.output, in: image.folder)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any])
        let disk = try #require((object["disks"] as? [[String: Any]])?.first)
        let contents = try #require((disk["contents"] as? [[String: Any]])?.first)
        return (ending.status, contents, ending.output)
    }

    @Test("host, system, realm, people and last login are named", arguments: ["", "-O inline_data", "-b 1024"])
    func used(options: String) async throws {
        let found = try await contents(Self.make(Self.used, options: options))
        #expect(found.status == 20)
        #expect(found.contents["system"] as? String == "Debian GNU/Linux 12 (bookworm)")
        #expect(found.contents["hostName"] as? String == "lab-pc-042")
        #expect(found.contents["domain"] as? String == "ad.example.org")
        #expect(found.contents["users"] as? [String] == ["alice", "bob"])
        #expect(found.contents["lastUsed"] as? Int == 1_700_000_000)
        #expect(found.contents["clean"] as? Bool == true)
        for indicator in ["L3", "L4", "L5", "L6"] { #expect(found.text.contains("\"\(indicator)\"")) }
    }

    @Test("a vendor's Linux that was not started yet is prior by its volume, and says so")
    func vendors() async throws {
        let found = try await contents(
            Self.make(["etc/machine-id": Array("uninitialized\n".utf8), "usr/lib/os-release": Array("NAME=X\n".utf8)]))
        #expect(found.status == 20)
        #expect(found.text.contains("the system was not started yet"))
        #expect(found.contents["users"] as? [String] == [])
    }

    @Test("a volume that was mounted and has a journal to replay says both", .enabled(if: Tool.areThere("debugfs")))
    func stale() async throws {
        let image = try await Self.make(Self.used)
        try await Tool("debugfs").run([
            "-w", "-R", "ssv mtime 20231114221320", image.path,
        ])
        try await Tool("debugfs").run(["-w", "-R", "ssv last_mounted /srv", image.path])
        try await Tool("debugfs").run(["-w", "-R", "feature needs_recovery", image.path])
        let found = try await contents(image)
        #expect(found.contents["clean"] as? Bool == false)
        #expect(found.text.contains("the volume was mounted, last at /srv"))
        #expect(found.text.contains("its journal holds changes"))
    }

    @Test("a system that Namesake built is told apart from a stranger's, and is prior all the same")
    func marker() async throws {
        var files = Self.used
        let uuid = "4c4c4544-0034-3510-8052-b4c04f303833"
        files["var/lib/namesake/machine.json"] = Array(
            "{\"machine\": \"\(uuid)\", \"job\": \"J-17\", \"time\": 1700000000}".utf8)
        let image = try await Self.make(files)
        let found = try await contents(image)
        #expect(found.status == 20)
        let marker = try #require(found.contents["marker"] as? [String: Any])
        #expect(marker["machine"] as? String == uuid)
        #expect(marker["job"] as? String == "J-17")
        let page = try await InspectTests.inspect([image.path]).output
        #expect(page.contains("built by  Namesake for machine \(uuid), job J-17, 2023-11-14 22:13 UTC"))
        files["var/lib/namesake/machine.json"] = Array("{".utf8)
        let damaged = try await contents(Self.make(files))
        #expect((damaged.contents["marker"] as? [String: Any])?["machine"] is NSNull)
    }

    @Test("a volume whose inodes are noise tells nothing, and nothing is proved")
    func damaged() async throws {
        let image = try await Self.make(Self.used)
        // Blocks of a volume of this size have 1 KiB: the group descriptors are in the third.
        try image.write([UInt8](repeating: 0xA5, count: 8192), at: 2048)
        let ending = try await InspectTests.inspect(["--json", image.path])
        #expect(ending.status == 20)
        #expect(!ending.output.contains("lab-pc-042"))
    }
}
