import Crypto
import CryptoExtras
import Foundation
import SwiftASN1
import X509

typealias RSAKey = _RSA.Signing.PrivateKey

/// The certificate that a firmware makes for itself before it is given one.
///
/// Up to AMT 14 it is self-signed: nobody verifies it; it transports keys. Its subject is not documented. From 15 on it
/// is the leaf of an on-die authority, here one of our own: four certificates whose names are those that clients look
/// for. Source: network reference 3.2 point 1.
package struct SelfSigned: Sendable {
    let certificate: [UInt8]
    /// What follows the certificate in its chain, without the root.
    let issuers: [[UInt8]]
    /// The on-die authority's root, which is never sent; `nil` where there is none.
    let root: [UInt8]?
    let key: RSAKey

    package init(uuid: String, now: Double, kind: Personality.OwnCertificate = .selfSigned) throws {
        try self.init(uuid: uuid, now: now, key: RSAKey(keySize: .bits2048), kind: kind)
    }

    init(uuid: String, now: Double, key: RSAKey, kind: Personality.OwnCertificate = .selfSigned) throws {
        self.key = key
        switch kind {
        case .selfSigned:
            let name = try DistinguishedName { CommonName("AMT \(uuid)") }
            (issuers, root) = ([], nil)
            certificate = try Self.make(name, .init(key.publicKey), by: name, .init(key), now: now)
        case .onDie:
            let keys = (0..<4).map { _ in Certificate.PrivateKey(P384.Signing.PrivateKey()) }
            let names = try [
                DistinguishedName { CommonName("iAMT CSME IDevID RCFG") }, authority("CSME Kernel CA"),
                authority("CSME ROM Extension CA"), authority("CSME Tiger Lake ROM CA"),
                DistinguishedName {
                    OrganizationalUnitName("ODCA 2 CSME P_SIMULATED")
                    CommonName("www.intel.com")
                },
            ]
            certificate = try Self.make(names[0], .init(key.publicKey), by: names[1], keys[0], now: now)
            issuers = try (1...3).map { place in
                try Self.make(names[place], keys[place - 1].publicKey, by: names[place + 1], keys[place], now: now)
            }
            root = try Self.make(names[4], keys[3].publicKey, by: names[4], keys[3], now: now)
        }
    }

    private static func make(
        _ subject: DistinguishedName, _ key: Certificate.PublicKey, by issuer: DistinguishedName,
        _ issuerKey: Certificate.PrivateKey, now: Double
    ) throws -> [UInt8] {
        let start = Date(timeIntervalSince1970: now - 86_400)
        let made = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key, notValidBefore: start,
            notValidAfter: start.addingTimeInterval(20 * 365 * 86_400), issuer: issuer, subject: subject,
            extensions: try Certificate.Extensions {}, issuerPrivateKey: issuerKey)
        var serializer = DER.Serializer()
        try serializer.serialize(made)
        return serializer.serializedBytes
    }
}

private func authority(_ name: String) throws -> DistinguishedName {
    try DistinguishedName {
        OrganizationalUnitName("ODCA 2 CSME P_SIMULATED")
        CommonName(name)
    }
}
