import DiskInspection
import ExtFiles

/// What is on an ext volume, of that which tells about its use: section 3.5 of the reference on prior installations.
struct LinuxFiles {
    /// As the system calls itself; nil where none is installed on the volume.
    var system: String?
    var hostName: String?
    /// The domain or realm that it was joined to.
    var realm: String?
    var machineID: MachineIDFile
    /// Accounts of people, and folders of people whatever account they had.
    var people: [String] = []
    /// Files that a system makes at its first start.
    var started: [String] = []
    /// Seconds since 1970.
    var lastLogin: Int?
    var marker: BuildMarker?

    /// `/etc/machine-id`, machine-id(5).
    enum MachineIDFile {
        case none, uninitialised, given
    }

    init(_ volume: borrowing ExtVolume) throws(ExtFault) {
        var release = try volume.text("/etc/os-release")
        if release == nil { release = try volume.text("/usr/lib/os-release") }
        system = release.flatMap { Self.value("PRETTY_NAME", in: $0) ?? Self.value("NAME", in: $0) }
        if system == nil, release != nil { system = "Linux" }
        hostName = try volume.text("/etc/hostname").flatMap { Self.firstLine($0) }
        let identity = try volume.text("/etc/machine-id").flatMap { Self.firstLine($0) }
        machineID = identity.map { $0.count == 32 && $0.allSatisfy(\.isHexDigit) ? .given : .uninitialised } ?? .none
        realm = try Self.realm(volume)
        people = Self.accounts(try volume.text("/etc/passwd") ?? "")
        // The volume of the homes alone has them at its root.
        let homes = volume.history.mountPoint == "/home" ? "/" : "/home"
        for name in try volume.names(homes) where name != "lost+found" && !people.contains(name) { people.append(name) }
        for path in ["/var/lib/cloud/instance", "/root/.bash_history"] where try volume.exists(path) {
            started.append(path)
        }
        if try volume.names("/etc/ssh").contains(where: { $0.hasPrefix("ssh_host_") }) {
            started.append("SSH host keys")
        }
        for folder in ["/var/lib/dhcp", "/var/lib/NetworkManager"] {
            if try volume.names(folder).contains(where: { $0.hasSuffix(".lease") || $0.hasSuffix(".leases") }) {
                started.append("leases of DHCP")
            }
        }
        if try !volume.names("/var/log/journal").isEmpty { started.append("/var/log/journal") }
        lastLogin = [try Self.login(inWtmp: volume), try Self.login(inLastlog: volume)].compactMap { $0 }.max()
        marker = try volume.text(BuildMarker.path).map { BuildMarker(json: $0) }
    }

    private static func firstLine(_ text: String) -> String? {
        let line = text.prefix { $0 != "\n" }.split(separator: " ").joined(separator: " ")
        return line.isEmpty ? nil : line
    }

    /// os-release(5): a line a value, in quotes or not.
    private static func value(_ name: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix("\(name)=") {
            let value = line.dropFirst(name.count + 1).filter { $0 != "\"" && $0 != "'" }
            return value.isEmpty ? nil : value
        }
        return nil
    }

    /// passwd(5): numbers from 1000 on are people's, 65534 is nobody's.
    private static func accounts(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count >= 7, let number = Int(fields[2]), (1000..<60_000).contains(number) else { return nil }
            return String(fields[0])
        }
    }

    /// sssd.conf(5) names the domains in its sections; without it a keytab says that the default realm was joined.
    private static func realm(_ volume: borrowing ExtVolume) throws(ExtFault) -> String? {
        let sections = try volume.text("/etc/sssd/sssd.conf") ?? ""
        for line in sections.split(separator: "\n") {
            let words = line.filter { !$0.isWhitespace }
            if words.hasPrefix("[domain/"), words.hasSuffix("]") { return String(words.dropFirst(8).dropLast()) }
        }
        guard try volume.exists("/etc/krb5.keytab") else { return nil }
        for line in (try volume.text("/etc/krb5.conf") ?? "").split(separator: "\n") {
            let sides = line.split(separator: "=").map { $0.filter { !$0.isWhitespace } }
            if sides.count == 2, sides[0] == "default_realm" { return sides[1] }
        }
        return "a realm that its keytab is for"
    }

    /// Records of 384 bytes, utmp(5): u16 kind at 0, of which 7 is a login, and u32 seconds at 340.
    private static func login(inWtmp volume: borrowing ExtVolume) throws(ExtFault) -> Int? {
        guard let bytes = try volume.tail("/var/log/wtmp", limit: 384 * 4096) else { return nil }
        return stride(from: 0, to: bytes.count / 384 * 384, by: 384).compactMap { start in
            bytes[start] == 7 && bytes[start + 1] == 0 ? seconds(bytes, start + 340) : nil
        }.max()
    }

    /// Records of 292 bytes, lastlog(8): u32 seconds at 0; it is as long as the largest user's number, mostly holes.
    private static func login(inLastlog volume: borrowing ExtVolume) throws(ExtFault) -> Int? {
        guard let bytes = try volume.tail("/var/log/lastlog", limit: 292 * 65_536) else { return nil }
        return stride(from: 0, to: bytes.count / 292 * 292, by: 292).compactMap { seconds(bytes, $0) }.max()
    }

    private static func seconds(_ bytes: [UInt8], _ offset: Int) -> Int? {
        let value = bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
        return value == 0 ? nil : value
    }
}
