import DiskInspection
import NTFSFiles
import RegistryHives

/// What is on an NTFS volume, of that which tells about its use.
struct WindowsFiles {
    /// Such as `\\Windows`; nil where no Windows is installed on the volume.
    var root: String?
    /// Folders of further Windows, which are not looked into.
    var otherRoots: [String] = []
    /// Folders of people, by their names.
    var people: [String] = []
    /// Traces of ConfigMgr's client.
    var management: [String] = []
    /// What an upgrade or a reset leaves.
    var upgrades: [String] = []
    /// Files that Windows makes when it runs.
    var pageFiles: [String] = []
    /// The word in `State.ini`.
    var imageState: String?
    /// Seconds since 1970, of the newest event log.
    var newestLog: Int?
    /// Seconds since 1970, of the newest folder or registry of a person's or the default profile.
    var newestProfile: Int?

    private static let roots = ["Windows", "WINNT", "WIN32", "WIN"]
    private static let usersFolders = ["Users", "Documents and Settings"]
    /// In small letters.
    private static let standardProfiles: Set<String> = [
        "default", "default user", "public", "all users", "desktop.ini", "localservice", "networkservice",
    ]
    private static let managementPaths = ["CCM", "ccmcache", "ccmsetup", "SMSCFG.INI"]
    private static let upgradePaths = ["Windows.old", "$WINDOWS.~BT", "$SysReset", "Recovery\\logs\\Reload.xml"]
    private static let pagePaths = ["pagefile.sys", "swapfile.sys"]

    init(_ volume: borrowing NTFSVolume) throws(NTFSFault) {
        for name in Self.roots where try volume.entry("\\\(name)\\System32\\config") != nil {
            guard try volume.entry("\\\(name)\\System32\\cmd.exe") != nil else { continue }
            if root == nil { root = "\\\(name)" } else { otherRoots.append(name) }
        }
        for path in Self.upgradePaths where try volume.entry("\\\(path)") != nil { upgrades.append(path) }
        for path in Self.pagePaths where try volume.entry("\\\(path)") != nil { pageFiles.append(path) }
        guard let root else { return }
        for folder in Self.usersFolders {
            for name in try Self.names(volume, "\\\(folder)") {
                let changed = try volume.entry("\\\(folder)\\\(name)")?.changed()
                newestProfile = [newestProfile, changed.flatMap { seconds(fileTime: $0) }].compactMap { $0 }.max()
                if !Self.standardProfiles.contains(name.lowercased()) { people.append("\(folder)\\\(name)") }
            }
        }
        for path in Self.managementPaths where try volume.entry("\(root)\\\(path)") != nil { management.append(path) }
        for name in try Self.names(volume, root) {
            let small = name.lowercased()
            if small.hasPrefix("sms"), small.hasSuffix(".mif") { management.append(name) }
        }
        let logs = "\(root)\\System32\\winevt\\Logs"
        for name in try Self.names(volume, logs) {
            let changed = try volume.entry("\(logs)\\\(name)")?.changed()
            newestLog = [newestLog, changed.flatMap { seconds(fileTime: $0) }].compactMap { $0 }.max()
        }
        if let state = try volume.entry("\(root)\\Setup\\State\\State.ini") {
            imageState = Self.imageState(try state.content(limit: 65_536))
        }
    }

    /// None where there is no such folder.
    private static func names(_ volume: borrowing NTFSVolume, _ path: String) throws(NTFSFault) -> [String] {
        guard let folder = try volume.entry(path), folder.isFolder else { return [] }
        return try folder.names().filter { $0 != "." && $0 != ".." }
    }

    /// The value of `ImageState`, whether the file is of one byte a letter or of two.
    private static func imageState(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes.filter { $0 != 0 && $0 < 128 }, as: UTF8.self)
        for line in text.split(whereSeparator: \.isNewline) {
            let sides = line.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
            if sides.count == 2, sides[0].lowercased() == "imagestate" { return sides[1] }
        }
        return nil
    }
}
