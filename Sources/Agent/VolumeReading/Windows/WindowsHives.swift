import DiskInspection
import NTFSFiles
import RegistryHives

/// What the registry of an installed Windows says, as far as it can be read.
struct WindowsHives {
    var system: SystemHive?
    var software: SoftwareHive?
    var accounts: AccountsHive?
    var security: SecurityHive?
    /// People's own hives, by the folder.
    var profiles: [(folder: String, hive: ProfileHive)] = []
    /// Hives into which logs were carried.
    var replayed: [String] = []
    /// Why something could not be read, or not all of it.
    var troubles: [String] = []

    /// In bytes; a hive is held in memory once, which libhivex maps.
    private static let longest: UInt64 = 512 << 20
    /// So many people's hives are read.
    private static let profilesRead = 16

    init(_ volume: borrowing NTFSVolume, _ files: WindowsFiles) {
        guard let root = files.root else { return }
        let folder = "\(root)\\System32\\config"
        if let hive = open(volume, "\(folder)\\SYSTEM") { system = read("SYSTEM", hive, SystemHive.init) }
        if let hive = open(volume, "\(folder)\\SOFTWARE") { software = read("SOFTWARE", hive, SoftwareHive.init) }
        if let hive = open(volume, "\(folder)\\SAM") { accounts = read("SAM", hive, AccountsHive.init) }
        if let hive = open(volume, "\(folder)\\SECURITY") { security = read("SECURITY", hive, SecurityHive.init) }
        for person in files.people.prefix(Self.profilesRead) {
            guard let hive = open(volume, "\\\(person)\\NTUSER.DAT", mayBeMissing: true) else { continue }
            if let profile = read(person, hive, ProfileHive.init) { profiles.append((person, profile)) }
        }
    }

    var areComplete: Bool {
        system != nil && software != nil && accounts != nil && security != nil && troubles.isEmpty
    }

    private mutating func read<Facts>(
        _ name: String, _ hive: borrowing Hive, _ facts: (borrowing Hive) throws(HiveFault) -> Facts
    ) -> Facts? {
        do throws(HiveFault) { return try facts(hive) } catch {
            troubles.append("the registry's \(name): \(error)")
            return nil
        }
    }

    private mutating func open(
        _ volume: borrowing NTFSVolume, _ path: String, mayBeMissing: Bool = false
    ) -> Hive? {
        let name = path.split(separator: "\\").last.map(String.init) ?? path
        do {
            guard let file = try Self.source(volume, path) else {
                if !mayBeMissing { troubles.append("the registry's \(name) is not there") }
                return nil
            }
            var logs: [HiveSource] = []
            for suffix in [".LOG1", ".LOG2", ".LOG"] {
                if let log = try Self.source(volume, path + suffix) { logs.append(log) }
            }
            let image = try HiveImage(file, logs: logs)
            switch image.state {
            case .clean: break
            case .recovered: replayed.append(name)
            case .partlyRecovered: troubles.append("the registry's \(name) lacks changes: its log breaks off")
            case .dirty: troubles.append("the registry's \(name) lacks changes, and no log has them")
            }
            return try Hive(image)
        } catch {
            troubles.append("the registry's \(name): \(error)")
            return nil
        }
    }

    private static func source(_ volume: borrowing NTFSVolume, _ path: String) throws(NTFSFault) -> HiveSource? {
        guard let entry = try volume.entry(path) else { return nil }
        let file = OpenFile(entry)
        let size = try file.entry.size()
        guard size <= longest else { throw NTFSFault.tooLong(path, size: size, limit: longest) }
        return HiveSource(size: Int(size)) { offset, count throws(HiveFault) in
            do throws(NTFSFault) { return try file.entry.read(at: UInt64(offset), upTo: count) } catch {
                throw .sourceUnreadable("\(error)")
            }
        }
    }

    /// Keeps a file open for as long as somebody reads from it.
    private final class OpenFile {
        let entry: NTFSEntry
        init(_ entry: consuming NTFSEntry) { self.entry = entry }
    }
}
