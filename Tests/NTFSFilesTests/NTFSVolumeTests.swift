import AgentTestKit
import Glibc
import NTFSFiles
import Testing

/// What the tests need of the system.
private enum Mounting {
    static let isPossible =
        access("/sbin/mkntfs", X_OK) == 0 && access("/bin/ntfs-3g", X_OK) == 0 && access("/dev/fuse", R_OK | W_OK) == 0
        && geteuid() == 0
    static let note: Comment = "skipped: ntfs-3g is not installed, or no file system can be mounted here"
}

/// A volume made by mkntfs in the middle of an image, and filled through ntfs-3g.
@Suite("Reading NTFS", .enabled(if: Mounting.isPossible, Mounting.note))
struct NTFSVolumeTests {
    static let start: UInt64 = 1 << 20
    static let length: UInt64 = 48 << 20

    let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        try await shell(
            """
            truncate -s \(Self.length) volume && mkntfs -F -Q -q volume && mkdir mounted && ntfs-3g volume mounted
            mkdir -p mounted/Windows/System32/config mounted/Users/Alice mounted/Users/Default
            head -c 3000000 /dev/urandom > hive && cp hive mounted/Windows/System32/config/SYSTEM
            printf short > mounted/Windows/SMSCFG.INI
            umount mounted && truncate -s 50M disk
            """)
        try await layIn()
    }

    private func shell(_ script: String) async throws {
        let ending = try await RunningProgram("/bin/sh", ["-ec", "cd \(folder.path)\n\(script)"]).ending()
        try #require(ending.status == 0, "\(ending.complaints)")
    }

    private func layIn() async throws {
        try await shell("dd if=volume of=disk bs=1M seek=1 conv=notrunc status=none")
    }

    private func volume(at offset: UInt64 = Self.start) throws -> NTFSVolume {
        // Left open: it is to outlive the volume, and the test's process ends soon.
        let descriptor = open("\(folder.path)/disk", O_RDONLY | O_CLOEXEC)
        return try NTFSVolume(descriptor, at: offset, length: Self.length)
    }

    /// Nil where there is no such file.
    private func content(_ volume: borrowing NTFSVolume, _ path: String, limit: UInt64 = 1 << 29) throws -> [UInt8]? {
        guard let entry = try volume.entry(path) else { return nil }
        return try entry.content(limit: limit)
    }

    private func names(_ volume: borrowing NTFSVolume, _ path: String) throws -> [String]? {
        guard let entry = try volume.entry(path), entry.isFolder else { return nil }
        return try entry.names().sorted()
    }

    private func staleness() throws -> Set<NTFSVolume.Staleness> {
        let volume = try volume()
        let (reasons, proves) = (volume.staleness, volume.provesAbsence)
        #expect(proves == reasons.isEmpty)
        return reasons
    }

    @Test("files are found whatever their case, give all their bytes, and nothing in the image changes")
    func files() async throws {
        try await shell("sha256sum disk > before")
        let volume = try volume()
        let hive = try #require(try content(volume, "\\windows\\SYSTEM32\\config\\system"))
        #expect(hive.count == 3_000_000)
        let descriptor = open("\(folder.path)/read", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        #expect(write(descriptor, hive, hive.count) == hive.count)
        close(descriptor)
        try await shell("cmp hive read")
        #expect(try content(volume, "\\Windows\\SMSCFG.INI") == Array("short".utf8))
        #expect(try names(volume, "\\Users") == ["Alice", "Default"])
        #expect(try names(volume, "\\Windows\\SMSCFG.INI") == nil)
        #expect(try staleness().isEmpty)
        try await shell("sha256sum -c before")
    }

    @Test("a file that is longer than the limit is refused, not cut")
    func limit() throws {
        let volume = try volume()
        var refusal: NTFSFault?
        do { _ = try content(volume, "\\Windows\\System32\\config\\SYSTEM", limit: 100) } catch let fault as NTFSFault {
            refusal = fault
        }
        #expect(refusal != nil)
    }

    @Test("what is not there is told from what cannot be told")
    func absence() throws {
        let volume = try volume()
        #expect(try content(volume, "\\Windows\\CCM") == nil)
        #expect(try content(volume, "\\No folder\\SYSTEM") == nil)
        // At the start of the image there is no volume.
        #expect(throws: NTFSFault.self) { try staleness(at: 0) }
    }

    private func staleness(at offset: UInt64) throws { _ = try volume(at: offset) }

    @Test("a parked session makes the volume stale, so that nothing proves an absence")
    func hibernated() async throws {
        try await shell(
            """
            ntfs-3g volume mounted && printf hibr > mounted/hiberfil.sys && truncate -s 4096 mounted/hiberfil.sys
            umount mounted
            """)
        try await layIn()
        #expect(try staleness() == [.hibernated])
    }

    @Test("a volume that is marked to be checked is stale")
    func dirty() async throws {
        // It empties the log and marks the volume, so that Windows checks it at its next start.
        try await shell("ntfsfix volume > messages")
        try await layIn()
        #expect(try staleness().contains(.markedDirty))
    }

    @Test(
        "sleuthkit finds the same files, and of the same sizes",
        .enabled(if: access("/usr/bin/fls", X_OK) == 0, "skipped: sleuthkit is not installed"))
    func oracle() async throws {
        try await shell("fls -r -p -u -l -f ntfs -o 2048 disk > listing")
        let descriptor = open("\(folder.path)/listing", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(descriptor, &bytes, bytes.count)
        // Kind and number, path, four times, size, owner, group.
        let lines = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).split(separator: "\n")
        let theirs = lines.compactMap { line -> String? in
            let fields = line.split(separator: "\t")
            guard fields.count >= 7, !fields[1].hasPrefix("$") else { return nil }
            return fields[0].hasPrefix("d/d") ? "\(fields[1])" : "\(fields[1]) \(fields[6])"
        }
        #expect(theirs.contains("Windows/System32/config/SYSTEM 3000000"))
        #expect(try walk(try volume(), "").sorted() == theirs.sorted())
    }

    /// All paths below a folder, a file's with its size.
    private func walk(_ volume: borrowing NTFSVolume, _ path: String) throws -> [String] {
        var found: [String] = []
        for name in try names(volume, "\\" + path) ?? [] where !name.hasPrefix("$") && name != "." {
            let below = path.isEmpty ? name : "\(path)\\\(name)"
            let shown = below.split(separator: "\\").joined(separator: "/")
            guard let entry = try volume.entry("\\" + below) else {
                throw Trouble("\(below) was listed and is not there")
            }
            found.append(entry.isFolder ? shown : "\(shown) \(try entry.size())")
            if entry.isFolder { found += try walk(volume, below) }
        }
        return found
    }
}
