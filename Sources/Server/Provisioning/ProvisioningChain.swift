package import Certificates
package import CurlClient
package import Vocabulary

/// The certificates that prove to a firmware who provisions it.
///
/// They may come in any order and with more than is needed: from each set-up's hello the way to a root is chosen that
/// this firmware knows, leaf first, root last and included.
package struct ProvisioningChain: Sendable {
    package let leaf: Certificate
    /// The ways from the leaf to its roots, shortest first; none where a link is missing.
    package let paths: [[Certificate]]
    private let key: PrivateKey
    /// What is presented by each way.
    private let identities: [ClientIdentity]
    /// The certificate at which the way to a root ends for want of its issuer.
    private let end: Certificate

    /// - Throws: ``Failure`` with ``Failure/Code/certificateUnfit`` when none of the certificates is the key's, or the
    ///   key is an authority's.
    package init(links: [Certificate], key: PrivateKey) throws(Failure) {
        let publicKey = try key.publicKey
        guard let leaf = links.first(where: { $0.publicKey == publicKey }) else {
            throw Failure(
                .certificateUnfit,
                "the provisioning key belongs to none of the \(links.count) certificates"
                    + (links.first.map { ", the first of which is \($0.subjectCommonName)" } ?? ""),
                hint: "Put the key next to the certificate that it was made for.")
        }
        guard try !leaf.isIssued(by: leaf) else {
            throw Failure(
                .certificateUnfit, "the provisioning key belongs to the root \(leaf.subjectCommonName)",
                hint: "Firmware wants a certificate for set-up below that root, with a key of its own.")
        }
        (paths, end) = try Self.paths(from: leaf, among: links)
        identities = try paths.map { path throws(Failure) in
            ClientIdentity(chain: try Self.pem(path), key: key.pem)
        }
        self.leaf = leaf
        self.key = key
    }

    private static func pem(_ links: [Certificate]) throws(Failure) -> String {
        var text = ""
        for link in links { text += try link.pem }
        return text
    }

    private static func paths(
        from leaf: Certificate, among links: [Certificate]
    ) throws(Failure) -> ([[Certificate]], end: Certificate) {
        var (found, open, end): ([[Certificate]], [[Certificate]], Certificate) = ([], [[leaf]], leaf)
        // A way visits a certificate once, so that this ends; shorter ways are found first.
        while !open.isEmpty {
            var longer: [[Certificate]] = []
            for path in open {
                guard let last = path.last else { continue }
                if try last.isIssued(by: last) {
                    found.append(path)
                    continue
                }
                end = last
                for link in Set(links) where !path.contains(link) {
                    if try last.isIssued(by: link) { longer.append(path + [link]) }
                }
            }
            open = longer
        }
        return (found, end)
    }

    /// The roots that firmware may know.
    package var roots: [Certificate] { paths.compactMap(\.last) }

    /// Says what is missing when no way leads to a root.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/noSuitableChain``.
    package func requireRoot() throws(Failure) {
        guard paths.isEmpty else { return }
        throw unfit(
            "it does not end in a root: the issuer of \(end.subjectCommonName) is missing",
            "Append the missing certificates up to the root: firmware knows roots by their hashes only and must be sent "
                + "them. `namesake-server authority provisioning --chain` takes them in any order.")
    }

    /// What is presented in the handshake to a firmware that knows these root hashes.
    package func identity(for hashes: [String]) throws(Failure) -> ClientIdentity { identities[try place(for: hashes)] }

    /// Every certificate, leaf first, then its ways to the roots, and the key.
    package var pem: (chain: String, key: Secret) {
        get throws(Failure) {
            var seen: Set<Certificate> = []
            return (try Self.pem(([leaf] + paths.joined()).filter { seen.insert($0).inserted }), key.pem)
        }
    }

    /// The place of the shortest way to a root that the firmware knows.
    private func place(for hashes: [String]) throws(Failure) -> Int {
        try requireRoot()
        let known = Set(hashes)
        let digests: [Digest] = [.sha256, .sha1, .sha384, .sha512]
        let fits = paths.firstIndex { path in
            path.last.map { root in digests.contains { known.contains($0(root.der).hexadecimal) } } ?? false
        }
        guard let fits else {
            let roots = roots.map { "\($0.subjectCommonName) (SHA-256 \($0.fingerprint.hexadecimal))" }
            throw unfit(
                "the firmware does not know its root \(roots.joined(separator: " nor "))",
                "Enter the root's hash in MEBx or by USB key, or use a certificate under a root that the hello names.")
        }
        return fits
    }

    /// Asks what the firmware will ask, before anything is sent, because it refuses a chain without saying why.
    ///
    /// - Parameters:
    ///   - hashes: The root hashes that its hello named, hexadecimal, of any kind.
    ///   - domain: What DHCP option 15 gives where the firmware is; `nil` when that is not known.
    ///   - now: Seconds since 1970.
    /// - Throws: ``Failure`` with ``Failure/Code/noSuitableChain``, naming the rule that does not hold.
    package func check(against hashes: [String], domain: Hostname? = nil, now: Double) throws(Failure) {
        let path = paths[try place(for: hashes)]
        guard path.count <= 4 else {
            throw unfit("it has \(path.count) certificates; firmware takes at most four", "Use a shorter chain.")
        }
        guard try leaf.hasExtendedKeyUsage("1.3.6.1.5.5.7.3.1"),
            try leaf.hasExtendedKeyUsage(CertificateProfile.setUpUsage)
                || leaf.organizationalUnits.contains(CertificateProfile.setUpUnit)
        else {
            throw unfit(
                "\(leaf.subjectCommonName) lacks serverAuth, or both Intel's set-up usage "
                    + "\(CertificateProfile.setUpUsage) and the OU '\(CertificateProfile.setUpUnit)'",
                "Order a certificate for Intel AMT set-up (vPro) from an authority that firmware knows.")
        }
        if let domain, !Self.suits(leaf.subjectCommonName, domain) {
            throw unfit(
                "\(leaf.subjectCommonName) is not in \(domain), which firmware compares with DHCP option 15",
                "Use a certificate whose name is a host directly in \(domain), or enter its domain in MEBx.")
        }
        for link in path where Double(link.notAfter) < now || Double(link.notBefore) > now {
            throw unfit(
                "\(link.subjectCommonName) is not valid today",
                "Renew it, and check the server's clock; `namesake-server authority provisioning` puts it in its place."
            )
        }
    }

    /// Whether a certificate of this common name may set up firmware in this domain.
    ///
    /// Source: network reference 3.1: the name without its host part is the domain; below com and net the last two labels
    /// decide, from 2.6 on.
    static func suits(_ commonName: String, _ domain: Hostname) -> Bool {
        let labels = commonName.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        let wanted = domain.text.split(separator: ".", omittingEmptySubsequences: false)
        if Array(labels.dropFirst()) == wanted { return true }
        guard let last = wanted.last, ["com", "net"].contains(last), labels.count > 2, wanted.count >= 2 else {
            return false
        }
        return labels.suffix(2) == wanted.suffix(2)
    }

    private func unfit(_ what: String, _ hint: String) -> Failure {
        Failure(.noSuitableChain, "the provisioning chain will be refused: \(what)", hint: hint)
    }
}
