import Glibc

extension NameSources {
    /// This system's own.
    package static func system(override: String? = nil) -> NameSources {
        NameSources(
            override: override, hostnameFile: { smallFile("/etc/hostname") }, kernel: kernelHostName,
            canonical: canonicalName)
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
private func canonicalName(_ name: String) -> String? {
    var hints = addrinfo()
    hints.ai_flags = AI_CANONNAME
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &found) == 0, let found else { return nil }
    defer { freeaddrinfo(found) }
    return found.pointee.ai_canonname.map { String(cString: $0) }
}
