import AgentTestKit
import FATFiles
import Glibc
import Testing

/// What the tests need of the system.
private enum Tools {
    static let areThere = access("/sbin/mkfs.vfat", X_OK) == 0 && access("/usr/bin/mcopy", X_OK) == 0
    static let note: Comment = "skipped: dosfstools or mtools is not installed"
}

/// Volumes made by mkfs.vfat and filled by mtools.
@Suite("Reading FAT", .enabled(if: Tools.areThere, Tools.note))
struct FATVolumeTests {
    private func made(_ width: Int, _ script: String = "") async throws -> [UInt8] {
        let folder = try TemporaryFolder()
        // Sizes at which mkfs.vfat does not warn.
        let size = [12: "2M", 16: "24M", 32: "40M"][width] ?? "2M"
        let program = """
            cd \(folder.path); truncate -s \(size) volume; mkfs.vfat -F \(width) -s 1 -n LABEL volume
            mmd -i volume ::EFI ::EFI/Microsoft ::EFI/Microsoft/Boot '::EFI/A name that is long, with ümlaut'
            echo x > file; mcopy -i volume file ::EFI/Microsoft/Boot/bootmgfw.efi; mcopy -i volume file ::EFI/Microsoft/Boot/BCD
            mcopy -i volume file ::EFI/gone.efi; mdel -i volume ::EFI/gone.efi
            \(script)
            """
        let ending = try await RunningProgram("/usr/bin/env", ["LC_ALL=C.UTF-8", "/bin/sh", "-ec", program]).ending()
        try #require(ending.status == 0, "\(ending.complaints)")
        let descriptor = open("\(folder.path)/volume", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Int(lseek(descriptor, 0, SEEK_END)))
        try #require(pread(descriptor, &bytes, bytes.count, 0) == bytes.count)
        return bytes
    }

    private func volume(_ bytes: [UInt8]) throws -> FATVolume {
        try FATVolume { offset, count in
            offset <= bytes.count && count <= bytes.count - Int(offset)
                ? Array(bytes[Int(offset)..<Int(offset) + count]) : nil
        }
    }

    private func names(_ volume: FATVolume, _ path: String...) throws -> [String]? {
        try volume.entries(path)?.map(\.name).sorted()
    }

    @Test("names are those that mtools wrote, short and long, and none that was deleted", arguments: [12, 16, 32])
    func names(width: Int) async throws {
        let volume = try volume(try await made(width))
        #expect(try names(volume) == ["EFI"])
        #expect(try names(volume, "efi") == ["A name that is long, with ümlaut", "Microsoft"])
        #expect(try names(volume, "EFI", "MICROSOFT", "boot") == ["BCD", "bootmgfw.efi"])
        #expect(try names(volume, "EFI", "ubuntu") == nil)
        #expect(try names(volume, "EFI", "Microsoft", "Boot", "BCD") == nil, "a file is no folder")
    }

    @Test("a folder of many clusters is read to its end", arguments: [12, 16, 32])
    func manyClusters(width: Int) async throws {
        let script = "for n in $(seq 200); do mmd -i volume ::EFI/folder-with-number-$n; done"
        let volume = try volume(try await made(width, script))
        #expect(try names(volume, "EFI")?.count == 202)
    }

    @Test("what is no such volume, cut off or in a circle is refused, not taken for empty")
    func damage() async throws {
        #expect(throws: FATFault.self) { _ = try volume([UInt8](repeating: 0, count: 4096)) }
        #expect(throws: FATFault.self) { _ = try volume([]) }
        var bytes = try await made(32)
        #expect(throws: FATFault.self) { _ = try names(try volume(Array(bytes[..<65_536])), "EFI") }
        // The root's cluster, 2, leads to itself.
        let fat = (Int(bytes[14]) | Int(bytes[15]) << 8) * 512
        bytes.replaceSubrange(fat + 8..<fat + 12, with: [2, 0, 0, 0])
        #expect(throws: FATFault.self) { _ = try names(try volume(bytes)) }
    }

    @Test(
        "sleuthkit finds the same names",
        .enabled(if: access("/usr/bin/fls", X_OK) == 0, "skipped: sleuthkit is not installed"),
        arguments: [12, 16, 32])
    func oracle(width: Int) async throws {
        let folder = try TemporaryFolder()
        let bytes = try await made(width)
        let path = try folder.write("volume", "")
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        let ending = try await RunningProgram("/usr/bin/fls", ["-r", "-p", "-u", "-f", "fat\(width)", path]).ending()
        let theirs = ending.output.split(separator: "\n").compactMap { $0.split(separator: "\t").last.map(String.init) }
            .filter { !$0.hasPrefix("$") && !$0.hasSuffix("(Volume Label Entry)") }
        #expect(theirs.contains("EFI/Microsoft/Boot/bootmgfw.efi"))
        #expect(try walk(try volume(bytes), []).sorted() == theirs.sorted())
    }

    private func walk(_ volume: FATVolume, _ path: [String]) throws -> [String] {
        try (try volume.entries(path) ?? []).flatMap { entry -> [String] in
            let own = (path + [entry.name]).joined(separator: "/")
            return [own] + (entry.isFolder ? try walk(volume, path + [entry.name]) : [])
        }
    }
}
