import AgentTestKit
import DiskTestKit
import Foundation
import Glibc
import Testing

/// What is on the volume of a Windows that is to be made; at first a vendor's image that nobody has set up.
struct WindowsContent {
    var system = HiveKey(), software = HiveKey(), accounts = HiveKey(), security = HiveKey()
    /// Contents by paths below the volume's root.
    var files: [String: [UInt8]] = ["Windows/System32/cmd.exe": Array("MZ".utf8)]
    var dirtyHives: Set<String> = []
    /// Folders on the EFI partition, each below the one before.
    var bootFolders = ["EFI", "EFI/Microsoft", "EFI/Boot"]
    /// Names of files whose records are marked as deleted, as Windows does it; ntfs-3g takes the name away too.
    var deleted: [String] = []
    /// Run in the folder where the volume is mounted.
    var script = ""

    static let state = "Microsoft\\Windows\\CurrentVersion\\Setup\\State"
    static let version = "Microsoft\\Windows NT\\CurrentVersion"
    static let network = "ControlSet001\\Services\\Tcpip\\Parameters"

    init() {
        system["Select"].set("Current", 1)
        system["ControlSet001\\Control\\ComputerName\\ComputerName"].set("ComputerName", "MININT-0000000")
        system[Self.network].set("NV Hostname", "MININT-0000000")
        setUp(pending: true)
        software[Self.version].set("ProductName", "Windows 10 Pro")
        software[Self.version].set("CurrentBuildNumber", "22631")
        software[Self.version].set("InstallDate", UInt32(Date().timeIntervalSince1970))
        for number in [18, 19, 20] {
            software["\(Self.version)\\ProfileList\\S-1-5-\(number)"]
                .set("ProfileImagePath", "%systemroot%\\system32\\config\\systemprofile")
        }
        seal("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE")
        for (number, name) in [(500, "Administrator"), (501, "Gast"), (503, "DefaultAccount"), (504, "WDAG")] {
            addAccount(UInt32(number), name)
        }
        security["Policy\\PolPrDmS"].set("", kind: 0, [])
        security.add("Policy\\Secrets\\DPAPI_SYSTEM")
    }

    mutating func setUp(pending: Bool) {
        system["Setup"].set("SystemSetupInProgress", pending ? 1 : 0)
        system["Setup"].set("OOBEInProgress", pending ? 1 : 0)
        system["Setup"].set("SetupType", pending ? 2 : 0)
        system["Setup"].set("CmdLine", pending ? "oobe\\windeploy.exe" : "")
    }

    mutating func seal(_ word: String) {
        software[Self.state].set("ImageState", word)
        files["Windows/Setup/State/State.ini"] = Array("[State]\r\nImageState=\(word)\r\n".utf8)
    }

    mutating func addAccount(_ number: UInt32, _ name: String, logons: UInt8 = 0) {
        let users = accounts["SAM\\Domains\\Account\\Users"]
        users["Names\\\(name)"].set("", kind: number, [])
        var record = [UInt8](repeating: 0, count: 0x50)
        record[0x42] = logons
        users["00000" + String(number, radix: 16)].set("F", kind: 3, record)
    }

    /// A machine that was set up, joined, managed and used.
    static var used: WindowsContent {
        var content = WindowsContent()
        content.setUp(pending: false)
        content.seal("IMAGE_STATE_COMPLETE")
        content.system[network].set("NV Hostname", "LAB-PC-042")
        content.system[network].set("NV Domain", "ad.example.org")
        content.software[version].set("RegisteredOwner", "Alice Example")
        content.software["\(version)\\ProfileList\\S-1-5-21-1-2-3-1001"].set("ProfileImagePath", "C:\\Users\\alice")
        content.software.add("Microsoft\\CCM")
        content.addAccount(1001, "alice", logons: 3)
        content.files["Users/alice/notes.txt"] = [1]
        content.files["Windows/SMSCFG.INI"] = [1]
        return content
    }
}

/// Makes disks with Windows on them by the tools that make real ones.
enum WindowsDisk {
    static let isPossible =
        Tool.areThere("sgdisk", "mkntfs", "mkfs.vfat", "mmd", "ntfs-3g") && access("/dev/fuse", R_OK | W_OK) == 0
        && geteuid() == 0
    static let note: Comment =
        "skipped: sgdisk, mtools or ntfs-3g is not installed, or no file system can be mounted here"

    /// Where `make` puts that volume.
    static let volume: Range<UInt64> = 57 << 20..<177 << 20

    /// An EFI partition, Microsoft's reserve, and a volume with that on it.
    static func make(_ content: WindowsContent) async throws -> Image {
        let image = try Image(WorkedCaseTests.size)
        let identity: [UInt8] = [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66] + (8...15).map { $0 * 0x11 }
        content.system["MountedDevices"].set("\\DosDevices\\C:", kind: 3, Array("DMIO:ID:".utf8) + identity)
        try await Tool("sgdisk").run([
            "-o", "-n1:2048:+40M", "-t1:ef00", "-n2:0:+16M", "-t2:0c01", "-n3:0:+120M", "-t3:0700",
            "-u3:00112233-4455-6677-8899-AABBCCDDEEFF", image.path,
        ])
        let system = try Image(40 << 20), windows = try Image(UInt64(volume.count))
        try await Tool("mkfs.vfat").run([system.path])
        for folder in content.bootFolders { try await Tool("mmd").run(["-i", system.path, "::\(folder)"]) }
        let files = "\(windows.folder.path)/files", mounted = "\(windows.folder.path)/mounted"
        try fill(files, content)
        // The volume is whole once its driver has ended, not when it is unmounted.
        try await shell(
            """
            mkntfs -F -Q -q -L OS \(windows.path); mkdir \(mounted)
            # A driver that outlived this shell would keep its pipes open.
            trap 'cd /; umount -q \(mounted) || :' EXIT
            ntfs-3g -o no_detach \(windows.path) \(mounted) > /dev/null 2>&1 & driver=$!
            until mountpoint -q \(mounted); do kill -0 $driver; done
            cp -a \(files)/. \(mounted); cd \(mounted)
            \(content.script)
            cd /; umount \(mounted); wait $driver; trap - EXIT
            """)
        try await image.place(system, at: 1 << 20)
        try await image.place(windows, at: volume.lowerBound)
        for name in content.deleted { try delete(name, in: image) }
        return image
    }

    private static func fill(_ folder: String, _ content: WindowsContent) throws {
        var files = content.files
        let hives = [
            ("SYSTEM", content.system), ("SOFTWARE", content.software), ("SAM", content.accounts),
            ("SECURITY", content.security),
        ]
        for (name, root) in hives where files["Windows/System32/config/\(name)"] == nil {
            files["Windows/System32/config/\(name)"] = root.hive(isDirty: content.dirtyHives.contains(name))
        }
        for (path, bytes) in files {
            let file = URL(filePath: "\(folder)/\(path)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
    }

    /// Takes the mark of being in use from the only record in the volume that bears the name.
    private static func delete(_ name: String, in image: Image) throws {
        let bytes = Array(try Data(contentsOf: URL(filePath: image.path)))
        let text = Array(name.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        let records = stride(from: Int(volume.lowerBound), to: Int(volume.upperBound), by: 1024).filter { place in
            let record = bytes[place..<place + 1024]
            guard record.prefix(4).elementsEqual("FILE".utf8), record[place + 22] == 1 else { return false }
            return (place..<place + 1024 - text.count).contains { at in
                bytes[at - 2] == UInt8(name.utf8.count) && bytes[at..<at + text.count].elementsEqual(text)
            }
        }
        let record = try #require(records.count == 1 ? records.first : nil)
        try image.write([0, 0], at: UInt64(record) + 22)
    }

    /// Where the volume's log begins on the disk: record 2 of the master file table, by ntfs-3g's layout.h.
    static func logFile(in image: Image) throws -> UInt64 {
        let file = try FileHandle(forReadingFrom: URL(filePath: image.path))
        func bytes(_ place: UInt64, _ count: Int) throws -> [UInt8] {
            try file.seek(toOffset: volume.lowerBound + place)
            return Array(try #require(try file.read(upToCount: count)))
        }
        func number(_ bytes: some Collection<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        let boot = try bytes(0, 512)
        let cluster = number(boot[11..<13]) * UInt64(boot[13])
        let record = try bytes(number(boot[48..<56]) * cluster + 2 * 1024, 1024)
        var place = Int(number(record[20..<22]))
        // The attribute of its content, whose first run tells the cluster.
        while number(record[place..<place + 4]) != 0x80 { place += Int(number(record[place + 4..<place + 8])) }
        let run = place + Int(number(record[place + 32..<place + 34]))
        let lengths = Int(record[run] & 15), offsets = Int(record[run] >> 4)
        return volume.lowerBound + number(record[run + 1 + lengths..<run + 1 + lengths + offsets]) * cluster
    }

    static func shell(_ script: String) async throws {
        let ending = try await RunningProgram("/bin/sh", ["-ec", script]).ending()
        guard ending.status == 0 else { throw Trouble("\(script): \(ending.complaints)") }
    }
}
