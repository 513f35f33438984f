import Crypto
import CryptoExtras
import Foundation
import SwiftASN1
import X509

typealias RSAKey = _RSA.Signing.PrivateKey

/// The certificate that a firmware makes for itself before it is given one.
///
/// Nobody verifies it; it transports keys. Source: network reference 3.2 point 1; its subject is not documented.
package struct SelfSigned: Sendable {
    let certificate: [UInt8]
    let key: RSAKey

    package init(uuid: String, now: Double) throws {
        try self.init(uuid: uuid, now: now, key: RSAKey(keySize: .bits2048))
    }

    init(uuid: String, now: Double, key: RSAKey) throws {
        self.key = key
        let name = try DistinguishedName { CommonName("AMT \(uuid)") }
        let start = Date(timeIntervalSince1970: now - 86_400)
        let made = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: start,
            notValidAfter: start.addingTimeInterval(20 * 365 * 86_400), issuer: name, subject: name,
            signatureAlgorithm: .sha256WithRSAEncryption, extensions: try Certificate.Extensions {},
            issuerPrivateKey: .init(key))
        var serializer = DER.Serializer()
        try serializer.serialize(made)
        certificate = serializer.serializedBytes
    }
}
