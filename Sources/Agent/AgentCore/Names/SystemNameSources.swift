package import AMTHI
import Glibc

extension NameSources {
    /// This system's own.
    ///
    /// - Parameters:
    ///   - override: What the person said.
    ///   - order: The rules, in the order in which they are asked.
    ///   - root: Where the system's files are; other than empty only in tests.
    ///   - firmwareMAC: The address of the firmware's wired interface; asked only when DHCP's rule is reached.
    /// - Returns: Sources that read this system when they are asked.
    package static func system(
        override: String? = nil, order: [NameRule] = NameRule.usualOrder, root: String = "",
        firmwareMAC: @escaping @Sendable () -> Result<MACAddress, HostInterfaceFault>
    ) -> NameSources {
        NameSources(
            override: override, order: order, hostnameFile: { smallFile(root + "/etc/hostname") },
            kernel: kernelHostName, canonical: canonicalName, realm: { realmName(host: $0, root: root) },
            dhcpDomain: {
                switch firmwareMAC() {
                case .success(let address): leaseDomain(for: address, root: root)
                case .failure(let fault): .nothing("the firmware's interface is not known: \(fault)")
                }
            })
    }
}

/// `gethostname`.
private func kernelHostName() -> String? {
    // Linux keeps at most 64 bytes (`__NEW_UTS_LEN`).
    var buffer = [UInt8](repeating: 0, count: 256)
    let outcome = buffer.withUnsafeMutableBytes { bytes -> CInt in
        guard let text = bytes.bindMemory(to: CChar.self).baseAddress else { return -1 }
        return gethostname(text, bytes.count - 1)
    }
    guard outcome == 0 else { return nil }
    return String(validating: buffer.prefix { $0 != 0 }, as: UTF8.self)
}

/// The name under which the resolver (hosts file, then DNS, as nsswitch.conf says) knows the host.
///
/// Not taken when it stands for 127.0.0.1 or ::1 only: Intel's LMS writes the firmware's own, perhaps old name there
/// (`UNS/SharedStaticIPService` and `Tools.cpp` in Intel LMS). Debian's 127.0.1.1 is the machine's own name.
private func canonicalName(_ name: String) -> NameFinding {
    var hints = addrinfo()
    hints.ai_flags = AI_CANONNAME
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let outcome = getaddrinfo(name, nil, &hints, &found)
    guard outcome == 0, let first = found else {
        return .nothing("the resolver knows no name for it: \(String(cString: gai_strerror(outcome)))")
    }
    defer { freeaddrinfo(first) }
    guard let canonical = first.pointee.ai_canonname else { return .nothing("the resolver knows no name for it") }
    let text = String(cString: canonical)
    var entry: UnsafeMutablePointer<addrinfo>? = first
    while let current = entry {
        if numericAddress(current.pointee).map({ !["127.0.0.1", "::1"].contains($0) }) ?? false { return .text(text) }
        entry = current.pointee.ai_next
    }
    return .nothing("\(printable(text)) stands for a loopback address only")
}
