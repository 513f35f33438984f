import Crypto
import Foundation
import SwiftASN1
import X509

/// The processor's own authority, and the maker's above it.
///
/// Names, order, usages and times are those of the two captured answers of a 15.0.10; the authorities are our own, made from
/// a text, so that every device of a family has one root. Whoever reads this knows their keys: they prove nothing.
package struct OnDieAuthority: Hashable, Sendable {
    /// Devices of one family have one root.
    package var family: String
    /// What tells the processor from others of its family.
    package var processor: String

    /// What the processor made of itself at its start: AMT's, the kernel's and the ROM's certificate, as DER.
    private var storeys: [[UInt8]]?

    package init(family: String = "simulated", processor: String) {
        self.family = family
        self.processor = processor
    }

    /// The key that signs for AMT.
    func leafKey() throws -> P384.Signing.PrivateKey { try key("AMT WS-MAN \(processor)") }

    /// The chain as the firmware hands it out, leaf first and without the maker's own; the leaf is signed anew each time.
    mutating func chain() throws -> [[UInt8]] {
        let above = try storeys ?? makeStoreys()
        storeys = above
        let leaf = try make(
            try name("AMT WS-MAN"), try leafKey(), by: try name("CSME TGL AMT  01SSIM"),
            try key("AMT \(processor)"), usage: .init(digitalSignature: true))
        return [leaf] + above
    }

    private func makeStoreys() throws -> [[UInt8]] {
        let names = try [
            name("CSME TGL AMT  01SSIM"), name("CSME TGL SVN01 Kernel SIM"), name("CSME TGL ROM SIM"), issuing(),
        ]
        let keys = try [
            key("AMT \(processor)"), key("Kernel \(processor)"), key("ROM \(processor)"), key("issuing"),
        ]
        return try (0..<3).map {
            try make(
                names[$0], keys[$0], by: names[$0 + 1], keys[$0 + 1], usage: .init(keyCertSign: true), isAuthority: true
            )
        }
    }

    /// The maker's authorities, which firmware does not hand out: issuing, intermediate, root; PEM.
    package func makersAuthorities() throws -> String {
        let names = try [issuing(), unit("OnDie CA CSME Intermediate CA"), unit("OnDie CA Root")]
        let keys = try [key("issuing"), key("intermediate"), key("root")]
        return try (0..<3).map { place in
            let above = min(place + 1, 2)
            let der = try make(
                names[place], keys[place], by: names[above], keys[above], usage: .init(keyCertSign: true),
                isAuthority: true)
            return PEMDocument(type: "CERTIFICATE", derBytes: der).pemString + "\n"
        }.joined()
    }

    private func name(_ text: String) throws -> DistinguishedName { try DistinguishedName { CommonName(text) } }

    private func unit(_ text: String) throws -> DistinguishedName {
        try DistinguishedName {
            OrganizationalUnitName("\(text) (\(family))")
            CommonName("www.intel.com")
        }
    }

    private func issuing() throws -> DistinguishedName { try unit("On Die CSME P_TGL Issuing CA") }

    private func key(_ what: String) throws -> P384.Signing.PrivateKey {
        var bytes = Array(SHA384.hash(data: Data("on-die \(family): \(what)".utf8)))
        bytes[0] &= 0x7F  // below the order of the curve
        return try P384.Signing.PrivateKey(rawRepresentation: bytes)
    }

    private func make(
        _ subject: DistinguishedName, _ key: P384.Signing.PrivateKey, by issuer: DistinguishedName,
        _ issuerKey: P384.Signing.PrivateKey, usage: KeyUsage, isAuthority: Bool = false
    ) throws -> [UInt8] {
        let publicKey = Certificate.PublicKey(key.publicKey)
        let serial = Array(SHA256.hash(data: Data(key.publicKey.rawRepresentation))).prefix(16)
        let made = try Certificate(
            version: .v3, serialNumber: .init(bytes: [serial[0] & 0x7F | 0x40] + serial.dropFirst()),
            publicKey: publicKey, notValidBefore: Date(timeIntervalSince1970: 1_595_462_400),
            notValidAfter: Date(timeIntervalSince1970: 2_524_607_999), issuer: issuer, subject: subject,
            extensions: try Certificate.Extensions {
                AuthorityKeyIdentifier(
                    keyIdentifier: SubjectKeyIdentifier(hash: Certificate.PublicKey(issuerKey.publicKey)).keyIdentifier)
                if isAuthority { SubjectKeyIdentifier(hash: publicKey) }
                Critical(
                    isAuthority
                        ? BasicConstraints.isCertificateAuthority(maxPathLength: nil) : .notCertificateAuthority)
                Critical(usage)
            }, issuerPrivateKey: .init(issuerKey))
        var serializer = DER.Serializer()
        try serializer.serialize(made)
        return serializer.serializedBytes
    }
}

/// How the fields that AMTAuthenticate signs become bytes, where nobody says it.
///
/// The fields and their order are documented: digest of the TLS certificate, both nonces, FQDN, UUID, version, security
/// version, realm, mechanism.
package struct AuthenticationLayout: Hashable, Sendable {
    /// What stands first; `zeros` and `absent` are what a firmware without TLS could put there.
    package enum Certificate: String, Sendable, CaseIterable { case digest, zeros, absent }
    /// How the two numbers are written: 32 bits, small end first or great end first, or one byte.
    package enum Numbers: String, Sendable, CaseIterable { case little, big, byte }
    /// Whether the digest of the fields is what is signed, or what is hashed once more for that.
    package enum Digests: String, Sendable, CaseIterable { case once, twice }

    package var certificate = Certificate.digest
    package var numbers = Numbers.little
    package var digests = Digests.once

    package init() {}

    /// Reads `digest,little,once`.
    package init?(_ text: String) {
        let words = text.split(separator: ",").map(String.init)
        guard words.count == 3, let certificate = Certificate(rawValue: words[0]),
            let numbers = Numbers(rawValue: words[1]), let digests = Digests(rawValue: words[2])
        else { return nil }
        (self.certificate, self.numbers, self.digests) = (certificate, numbers, digests)
    }

    func bytes(_ number: UInt32) -> [UInt8] {
        switch numbers {
        case .little: (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        case .big: (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - $0 * 8)) }
        case .byte: [UInt8(truncatingIfNeeded: number)]
        }
    }
}

extension SimulatedFirmware {
    /// Says who the firmware is, signed by a key of the processor's.
    ///
    /// Statuses are chosen: 36 for a nonce that is not 20 bytes, 1 where no signature can be made.
    mutating func authenticate(_ theirs: [UInt8]) -> MethodAnswer {
        guard theirs.count == 20 else { return .status(36) }
        let (layout, ours) = (personality.switches.authenticationLayout, random.bytes(20))
        let fqdn = [names.hostName, names.domainName].filter { !$0.isEmpty }.joined(separator: ".")
        let (version, securityVersion) = ("\(personality.version).\(personality.build)", UInt32(1))
        var fields: [UInt8] = []
        let served = committedTLS.remote.enabled ? committedTLS.certificate : nil
        switch (layout.certificate, served.flatMap { store.certificates[$0]?.der }) {
        case (.digest, let der?): fields += Array(SHA384.hash(data: Data(der)))
        case (.zeros, _), (.digest, nil): fields += [UInt8](repeating: 0, count: 48)
        case (.absent, _): break
        }
        fields += theirs + ours + Array(fqdn.utf8) + uuid + Array(version.utf8) + layout.bytes(securityVersion)
        fields += Array(digestRealm.utf8) + layout.bytes(0)
        var digest = SHA384.hash(data: Data(fields))
        if layout.digests == .twice { digest = SHA384.hash(data: Data(digest)) }
        guard let signature = try? onDie.leafKey().signature(for: digest), let chain = try? onDie.chain() else {
            return .status(1)
        }
        return MethodAnswer(
            outputs: [
                ("Nonce", .text(Data(ours).base64EncodedString())), ("UUID", .text(uuid.hexadecimal.uppercased())),
                ("FQDN", .text(fqdn)), ("FWVersion", .text(version)), ("AMTSVN", .number(securityVersion)),
                ("Signature", .text(signature.rawRepresentation.base64EncodedString())),
                ("LengthOfCertificates", .list(chain.map { "\($0.count)" })),
                ("Certificates", .text(Data(chain.joined()).base64EncodedString())),
            ], status: 0)
    }
}
