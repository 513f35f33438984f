package import Vocabulary

/// Which names a machine may claim.
package struct NamePolicy: Hashable, Sendable {
    /// A claimed name must lie directly or indirectly in one of these.
    package var domains: [Hostname]

    package init(domains: [Hostname]) { self.domains = domains }

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
        guard name.host.utf8.count <= 63, name.domain.utf8.count <= 191 else {
            throw Failure(.namePolicy, "'\(name)' does not fit the firmware: host 63, domain 191 characters")
        }
    }
}
