import Glibc
package import Vocabulary

/// Which names a machine may claim.
package struct NamePolicy: Hashable, Sendable {
    /// A claimed name must lie directly or indirectly in one of these.
    package var domains: [Hostname]

    /// What the whole name must match, in lower case: a POSIX extended regular expression; any name when `nil`.
    package let pattern: String?

    package init(domains: [Hostname]) {
        self.domains = domains
        pattern = nil
    }

    /// - Throws: ``Failure`` with ``Failure/Code/configurationInvalid`` when the pattern is none.
    package init(domains: [Hostname], pattern: String?) throws(Failure) {
        self.domains = domains
        self.pattern = pattern
        if let pattern { _ = try Self.matches("", pattern) }
    }

    private static func matches(_ name: String, _ pattern: String) throws(Failure) -> Bool {
        var compiled = regex_t()
        let status = regcomp(&compiled, "^(\(pattern))$", REG_EXTENDED | REG_NOSUB)
        guard status == 0 else {
            var text = [CChar](repeating: 0, count: 200)
            regerror(status, &compiled, &text, text.count)
            throw Failure(
                .configurationInvalid,
                "namePattern '\(pattern)' is no POSIX extended regular expression: "
                    + String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
                hint: "Write one like ws-[0-9]+[.]corp[.]example[.]com, which has to match the whole name.")
        }
        defer { regfree(&compiled) }
        return regexec(&compiled, name, 0, nil, 0) == 0
    }

    /// - Throws: ``Failure`` with ``Failure/Code/namePolicy``.
    package func check(_ name: Hostname) throws(Failure) {
        guard name.isQualified else {
            throw Failure(
                .namePolicy, "'\(name)' is a single label; a full name is needed",
                hint: "Give the machine a qualified host name, or its domain by DNS.")
        }
        guard domains.contains(where: { name.text.hasSuffix("." + $0.text) }) else {
            throw Failure(
                .namePolicy, "'\(name)' is not in \(domains.map(\.text).joined(separator: ", "))",
                hint: "Rename the machine, or add the domain to `domains` in the server's configuration.")
        }
        if let pattern, try !Self.matches(name.text, pattern) {
            throw Failure(
                .namePolicy, "'\(name)' does not match the pattern \(pattern)",
                hint: "Rename the machine, or change `namePattern` in the server's configuration.")
        }
        guard name.host.utf8.count <= 63, name.domain.utf8.count <= 191 else {
            throw Failure(.namePolicy, "'\(name)' does not fit the firmware: host 63, domain 191 characters")
        }
    }
}
