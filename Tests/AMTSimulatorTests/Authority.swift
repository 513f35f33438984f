import Crypto
import Foundation
import SwiftASN1
import X509

@testable import AMTSimulator

/// An authority that tests set up in memory, and what it issues.
struct Authority: Sendable {
    let certificate: Certificate
    let key: P256.Signing.PrivateKey

    static let now = Date(timeIntervalSince1970: 1_643_624_584)

    init(_ name: String = "Root \(UUID().uuidString.prefix(8))", under parent: Authority? = nil) throws {
        key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName { CommonName(name) }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
            notValidBefore: Self.now.addingTimeInterval(-86_400), notValidAfter: Date(timeIntervalSince1970: 4e9),
            issuer: parent?.certificate.subject ?? subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            }, issuerPrivateKey: .init(parent?.key ?? key))
    }

    func der() throws -> [UInt8] { try AMTSimulatorTests.der(certificate) }
    func hash() throws -> [UInt8] { Array(SHA256.hash(data: try der())) }

    /// What a provisioning server's leaf may carry.
    struct Leaf {
        var name = "prov.corp.example.test"
        var unit: String?
        var usages = [serverAuth, setUp]
        var ends = Date(timeIntervalSince1970: 4e9)

        static let serverAuth: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 3, 1]
        static let setUp: ASN1ObjectIdentifier = [2, 16, 840, 1, 113741, 1, 2, 3]
    }

    func issue(_ leaf: Leaf = Leaf()) throws -> (certificate: [UInt8], key: P256.Signing.PrivateKey) {
        let own = P256.Signing.PrivateKey()
        return (try certificate(leaf, of: .init(own.publicKey)), own)
    }

    /// A certificate for somebody's key, signed by this authority or, with another algorithm, by an RSA key.
    func certificate(
        _ leaf: Leaf = Leaf(), of key: Certificate.PublicKey,
        by signer: (Certificate.PrivateKey, Certificate.SignatureAlgorithm)? = nil
    ) throws -> [UInt8] {
        let subject = try DistinguishedName {
            CommonName(leaf.name)
            if let unit = leaf.unit { OrganizationalUnitName(unit) }
        }
        let made = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key,
            notValidBefore: Self.now.addingTimeInterval(-86_400), notValidAfter: leaf.ends,
            issuer: certificate.subject, subject: subject, signatureAlgorithm: signer?.1 ?? .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                if !leaf.usages.isEmpty { try ExtendedKeyUsage(leaf.usages.map { .init(oid: $0) }) }
            }, issuerPrivateKey: signer?.0 ?? .init(self.key))
        return try AMTSimulatorTests.der(made)
    }
}
