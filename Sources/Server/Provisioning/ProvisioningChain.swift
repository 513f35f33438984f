package import Certificates
package import CurlClient
package import Vocabulary

/// The certificates that prove to a firmware who provisions it: leaf first, root last and included.
package struct ProvisioningChain: Sendable {
    package let links: [Certificate]
    private let key: PrivateKey

    /// - Throws: ``Failure`` with ``Failure/Code/certificateUnfit`` when the links do not follow from each other or the
    ///   key is not the leaf's.
    package init(links: [Certificate], key: PrivateKey) throws(Failure) {
        guard let leaf = links.first else { throw Failure(.noSuitableChain, "the provisioning chain is empty") }
        guard try key.publicKey == leaf.publicKey else {
            throw Failure(
                .certificateUnfit, "the provisioning key does not belong to \(leaf.subjectCommonName)",
                hint: "Put the key next to the certificate that it was made for.")
        }
        for (child, parent) in zip(links, links.dropFirst()) {
            guard try child.isIssued(by: parent) else {
                throw Failure(
                    .certificateUnfit, "\(child.subjectCommonName) is not issued by \(parent.subjectCommonName)",
                    hint: "Order the provisioning chain leaf first, root last, with nothing left out.")
            }
        }
        guard let root = links.last, try root.isIssued(by: root) else {
            throw Failure(
                .certificateUnfit, "the provisioning chain does not end in a root",
                hint: "Append the root: firmware knows roots by their hashes only and must be sent it.")
        }
        self.links = links
        self.key = key
    }

    /// What is presented in the handshake.
    package var identity: ClientIdentity {
        get throws(Failure) {
            var text = ""
            for link in links { text += try link.pem }
            return ClientIdentity(chain: text, key: key.pem)
        }
    }

    /// Asks what the firmware will ask, before anything is sent, because it refuses a chain without saying why.
    ///
    /// - Parameters:
    ///   - hashes: The SHA-256 root hashes that its hello named, hexadecimal.
    ///   - domain: What DHCP option 15 gives where the firmware is; `nil` when that is not known.
    ///   - now: Seconds since 1970.
    /// - Throws: ``Failure`` with ``Failure/Code/noSuitableChain``, naming the rule that does not hold.
    package func check(against hashes: [String], domain: Hostname? = nil, now: Double) throws(Failure) {
        guard let leaf = links.first, let root = links.last else { return }
        guard links.count <= 4 else {
            throw unfit("it has \(links.count) certificates; firmware takes at most four", "Use a shorter chain.")
        }
        guard try leaf.hasExtendedKeyUsage("1.3.6.1.5.5.7.3.1"),
            try leaf.hasExtendedKeyUsage(CertificateProfile.setUpUsage)
        else {
            throw unfit(
                "\(leaf.subjectCommonName) lacks serverAuth or Intel's set-up usage \(CertificateProfile.setUpUsage)",
                "Order a certificate for Intel AMT set-up (vPro) from an authority that firmware knows.")
        }
        guard hashes.contains(root.fingerprint.hexadecimal) else {
            throw unfit(
                "the firmware does not know its root \(root.subjectCommonName) (SHA-256 \(root.fingerprint.hexadecimal))",
                "Enter the root's hash in MEBx or by USB key, or use a certificate under a root that the hello names.")
        }
        if let domain, !Self.suits(leaf.subjectCommonName, domain) {
            throw unfit(
                "\(leaf.subjectCommonName) is not in \(domain), which firmware compares with DHCP option 15",
                "Use a certificate whose name is a host directly in \(domain), or enter its domain in MEBx.")
        }
        for link in links where Double(link.notAfter) < now || Double(link.notBefore) > now {
            throw unfit("\(link.subjectCommonName) is not valid today", "Renew it, and check the server's clock.")
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
