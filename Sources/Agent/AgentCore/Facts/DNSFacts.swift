import Glibc
package import Reconciliation
package import Vocabulary

/// What DNS says of a name, both ways.
package struct DNSFacts: Hashable, Sendable {
    /// The addresses of the name, loopback ones left out.
    package var addresses: [String]
    /// The names of those addresses, in their order; `nil` for one without a name.
    package var names: [String?]
    /// Why there are no addresses.
    package var silence: String?

    package init(addresses: [String], names: [String?], silence: String? = nil) {
        self.addresses = addresses
        self.names = names
        self.silence = silence
    }

    /// Asks the resolver; takes as long as that does.
    ///
    /// A server that does not answer is asked once for two seconds, unless the environment says otherwise: this is for
    /// people who wait.
    package static func read(_ name: Hostname) -> DNSFacts {
        setenv("RES_OPTIONS", "timeout:2 attempts:1", 0)
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let outcome = getaddrinfo(name.text, nil, &hints, &found)
        guard outcome == 0, let first = found else {
            return DNSFacts(addresses: [], names: [], silence: String(cString: gai_strerror(outcome)))
        }
        defer { freeaddrinfo(first) }
        var facts = DNSFacts(addresses: [], names: [])
        var entry: UnsafeMutablePointer<addrinfo>? = first
        while let current = entry {
            entry = current.pointee.ai_next
            guard let address = numericAddress(current.pointee), !facts.addresses.contains(address) else { continue }
            if address.hasPrefix("127.") || address == "::1" { continue }
            facts.addresses.append(address)
            facts.names.append(reverse(current.pointee))
        }
        if facts.addresses.isEmpty { facts.silence = "only loopback addresses, which say nothing of DNS" }
        return facts
    }

    private static func reverse(_ entry: addrinfo) -> String? {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let outcome = getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &host, socklen_t(host.count), nil, 0, NI_NAMEREQD)
        guard outcome == 0 else { return nil }
        return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// As a facet: the name that the addresses lead back to.
    package func reading(of name: Hostname) -> Reading {
        if let silence { return .unreadable(silence) }
        let found = names.compactMap { $0.flatMap { try? Hostname(international: $0) } }
        if found.contains(name) { return .name(name) }
        return found.first.map { .name($0) } ?? .empty
    }
}
