import AMTHI
import Glibc

/// The domain that DHCP gave (option 15) to the interface that the firmware shares with the system.
///
/// Of several interfaces with the address, as a bridge or bond and its port are, the first that holds a lease counts. Read
/// where the usual clients leave it: systemd-networkd, NetworkManager, dhclient, and the initramfs' ipconfig.
func leaseDomain(for address: MACAddress, root: String) -> NameFinding {
    let interfaces = interfaces(with: address, root: root)
    guard !interfaces.isEmpty else {
        return .nothing("no network interface has the firmware's address \(address)")
    }
    for interface in interfaces {
        if let domain = leaseDomain(of: interface, root: root) { return .text(domain) }
    }
    return .nothing(
        "no DHCP lease with a domain (option 15) was found for \(interfaces.map(\.name).joined(separator: ", "))")
}

private struct Interface {
    var name: String
    var index: String
}

private func interfaces(with address: MACAddress, root: String) -> [Interface] {
    let folder = root + "/sys/class/net"
    return names(in: folder).compactMap { name in
        guard firstLine(ofFile: "\(folder)/\(name)/address")?.lowercased() == "\(address)" else { return nil }
        return Interface(name: name, index: firstLine(ofFile: "\(folder)/\(name)/ifindex") ?? "")
    }
}

private func leaseDomain(of interface: Interface, root: String) -> String? {
    // systemd's own format, also that of NetworkManager's internal client.
    var files = ["/run/systemd/netif/leases/\(interface.index)"]
    let manager = "/var/lib/NetworkManager"
    files += names(in: root + manager).filter { $0.hasSuffix("-\(interface.name).lease") }.map { "\(manager)/\($0)" }
    for file in files {
        if let domain = assignment("DOMAINNAME", in: root + file) { return domain }
    }
    if let domain = assignment("DNSDOMAIN", in: root + "/run/net-\(interface.name).conf") { return domain }
    for folder in ["/var/lib/dhcp", "/var/lib/dhclient", "/var/lib/NetworkManager"] {
        for name in names(in: root + folder)
        where name.hasPrefix("dhclient") && (name.hasSuffix(".lease") || name.hasSuffix(".leases")) {
            if let domain = dhclientDomain(of: interface.name, in: "\(root)\(folder)/\(name)") { return domain }
        }
    }
    return nil
}

/// The value of `NAME=value`, perhaps quoted, in a file of such lines.
private func assignment(_ name: String, in path: String) -> String? {
    guard let text = smallFile(path), let value = sections(text)[""]?[name] else { return nil }
    return firstDomain(value)
}

/// The domain of the last lease for the interface, as dhclient.leases(5) has them: the newest is at the end.
private func dhclientDomain(of interface: String, in path: String) -> String? {
    guard let text = textFile(path, atMost: 1 << 20) else { return nil }
    var (ours, domain, last): (Bool, String?, String?) = (false, nil, nil)
    for line in text.split(separator: "\n").map(trimmed) {
        if line.hasPrefix("lease") { (ours, domain) = (false, nil) }
        if line == "interface \"\(interface)\";" { ours = true }
        if line.hasPrefix("option domain-name \"") { domain = String(line.dropFirst(19).dropLast()) }
        if line == "}", ours { last = domain.flatMap(firstDomain) }
    }
    return last
}

/// Some servers send a search list in option 15: its first domain is the machine's.
private func firstDomain(_ value: String) -> String? {
    let domain = value.split { $0 == "\"" || $0 == "'" || $0.isWhitespace }.first.map(String.init)
    return domain?.isEmpty == false ? domain : nil
}

/// What a folder holds, in order; nothing where there is none.
func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var found: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if !name.hasPrefix(".") { found.append(name) }
    }
    return found.sorted()
}
