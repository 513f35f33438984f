import Crypto
import Foundation
import SwiftASN1
import X509

extension SimulatedFirmware {
    /// Checks the chain that a provisioning server presents in set-up mode.
    ///
    /// In the documented order: OID or OU; a root in the message whose hash is in the table; server certificate; domain
    /// suffix. The validity period is recorded and does not block. Source: network reference 3.2.
    ///
    /// - Returns: Why it is refused, or `nil`.
    mutating func refusal(of chain: [[UInt8]]) -> String? {
        guard !chain.isEmpty else { return "no client certificate" }
        guard chain.count <= 4 else { return "\(chain.count) certificates, more than four" }
        let certificates = chain.compactMap { try? Certificate(derEncoded: $0) }
        guard certificates.count == chain.count, let leaf = certificates.first, let root = chain.last else {
            return "a certificate that cannot be read"
        }
        guard isForSetUp(leaf) else { return "neither Intel's OID nor its OU, or no serverAuth" }
        for (child, parent) in zip(certificates, certificates.dropFirst() + [certificates[certificates.count - 1]]) {
            guard Self.isSigned(child, by: parent) else {
                return "\(child.subject) is not signed by \(parent.subject)"
            }
        }
        let digests: [Personality.RootHash] = [.sha1, .sha256, .sha384]
        guard digests.contains(where: { activeRoots.contains($0.digest(root)) }) else {
            return "the root's hash is not in the table"
        }
        // Keys below 2048 bits, which go the same way, swift-certificates does not read at all.
        if personality.refusesSHA1Chains,
            let old = certificates.first(where: { $0.signatureAlgorithm == .sha1WithRSAEncryption })
        {
            return "\(old.subject) is signed with SHA-1"
        }
        let suffix = trustedSuffix.isEmpty ? dnsSuffix : trustedSuffix
        guard fits(commonName(leaf), suffix) else { return "\(commonName(leaf)) is not in \(suffix)" }
        let today = Date(timeIntervalSince1970: clock)
        isTimeValid = certificates.allSatisfy { $0.notValidBefore <= today && today <= $0.notValidAfter }
        var audit = SetUpAudit(kind: .tls, isSecureDNS: !trustedSuffix.isEmpty, isTimeValid: isTimeValid)
        audit.hash = digests.map { $0.digest(root) }.first { activeRoots.contains($0) } ?? []
        audit.serials = certificates.dropFirst().map { Array($0.serialNumber.bytes) }
        audit.serverName = commonName(leaf)
        pendingAudit = audit
        return nil
    }

    /// Checks the chain of a client where mutual TLS is on: it leads to a trusted root of the store, whether or not the
    /// message holds that root, and its name is among the trusted ones where there are any.
    ///
    /// Source: network reference 6.3; which key usages real firmware asks for there is not documented.
    ///
    /// - Returns: Why it is refused, or `nil`.
    func refusal(ofClient chain: [[UInt8]], names: [String]? = nil) -> String? {
        let certificates = chain.compactMap { try? Certificate(derEncoded: $0) }
        guard certificates.count == chain.count, let leaf = certificates.first, let last = certificates.last else {
            return "no client certificate that can be read"
        }
        for (child, parent) in zip(certificates, certificates.dropFirst()) where !Self.isSigned(child, by: parent) {
            return "\(child.subject) is not signed by \(parent.subject)"
        }
        let roots = store.certificates.values.filter(\.isTrustedRoot).map(\.certificate)
        guard roots.contains(where: { Self.isSigned(last, by: $0) }) else { return "no trusted root signed the chain" }
        let names = names ?? committedTLS.remote.trustedCN
        guard names.isEmpty || names.contains(commonName(leaf)) else {
            return "\(commonName(leaf)) is not a trusted name"
        }
        return nil
    }

    private static func isSigned(_ child: Certificate, by parent: Certificate) -> Bool {
        child.issuer == parent.subject && parent.publicKey.isValidSignature(child.signature, for: child)
    }

    private func isForSetUp(_ leaf: Certificate) -> Bool {
        let setUp = ExtendedKeyUsage.Usage(oid: [2, 16, 840, 1, 113741, 1, 2, 3])
        guard let usages = try? leaf.extensions.extendedKeyUsage, usages.contains(.serverAuth) else { return false }
        return usages.contains(setUp)
            || values(leaf, .RDNAttributeType.organizationalUnitName)
                .contains("Intel(R) Client Setup Certificate")
    }

    private func commonName(_ certificate: Certificate) -> String {
        values(certificate, .RDNAttributeType.commonName).last ?? ""
    }

    private func values(_ certificate: Certificate, _ type: ASN1ObjectIdentifier) -> [String] {
        certificate.subject.flatMap { Array($0) }.filter { $0.type == type }.compactMap { String($0.value) }
    }

    /// The name without its host part; `.com` and `.net` compare by their last two labels.
    private func fits(_ name: String, _ suffix: String) -> Bool {
        let labels = name.lowercased().split(separator: ".").dropFirst().map(String.init)
        let suffix = suffix.lowercased().split(separator: ".").map(String.init)
        guard !suffix.isEmpty else { return false }
        if ["com", "net"].contains(suffix.last), labels.count >= 2, suffix.count >= 2 {
            return labels.suffix(2) == suffix.suffix(2)
        }
        return labels == suffix
    }
}

extension Personality.RootHash {
    func digest(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sha1: Array(Insecure.SHA1.hash(data: bytes))
        case .sha256: Array(SHA256.hash(data: bytes))
        case .sha384: Array(SHA384.hash(data: bytes))
        }
    }
}
