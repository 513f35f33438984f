import Crypto
import CryptoExtras
import Foundation
import SwiftASN1
import X509

/// The firmware's key pairs and certificates, by their handles.
package struct KeyStore: Sendable {
    private(set) var keys: [Int: RSAKey] = [:]
    private(set) var certificates: [Int: Stored] = [:]
    private var nextKey = 0
    private var nextCertificate = 0

    struct Stored: Sendable {
        var certificate: Certificate
        var der: [UInt8]
        var isTrustedRoot: Bool
    }

    /// A 2048-bit pair made ahead of need: making one takes long enough to hold an event loop up.
    var spare: RSAKey?

    mutating func makeKey(bits: Int) throws -> Int {
        if bits == 2048, let key = spare {
            spare = nil
            return add(key)
        }
        return add(try RSAKey(unsafeKeySize: .init(bitCount: bits)))
    }

    mutating func add(_ key: RSAKey) -> Int {
        keys[nextKey] = key
        nextKey += 1
        return nextKey - 1
    }

    /// Adds a certificate; the number is a PT status.
    mutating func add(certificate der: [UInt8], isTrustedRoot: Bool) -> (handle: Int, status: UInt32) {
        guard let certificate = try? Certificate(derEncoded: der) else { return (0, 2063) }
        guard !certificates.values.contains(where: { $0.der == der }) else { return (0, 2058) }
        guard isTrustedRoot || key(of: certificate) != nil else { return (0, 2064) }
        guard certificates.count < 16 else { return (0, 23) }
        defer { nextCertificate += 1 }
        certificates[nextCertificate] = Stored(certificate: certificate, der: der, isTrustedRoot: isTrustedRoot)
        return (nextCertificate, 0)
    }

    mutating func removeCertificate(_ handle: Int) { certificates[handle] = nil }
    mutating func removeKey(_ handle: Int) { keys[handle] = nil }

    /// The handle of the key pair that a certificate is about.
    func key(of certificate: Certificate) -> Int? {
        let wanted = certificate.publicKey.subjectPublicKeyInfoBytes
        return keys.first { Certificate.PublicKey($0.value.publicKey).subjectPublicKeyInfoBytes == wanted }?.key
    }

    /// The digests of GeneratePKCS10RequestEx, by its numbers.
    enum RequestDigest: UInt32 { case sha1, sha256, sha384 }

    /// Signs the CertificationRequestInfo of a null-signed request with the pair.
    ///
    /// The algorithm that the request names stays as it came: naming the same digest is the client's part.
    ///
    /// - Returns: DER, or `nil` when the request is none, or is about another key.
    func sign(request der: [UInt8], with handle: Int, _ digest: RequestDigest) -> [UInt8]? {
        guard let key = keys[handle], let root = try? DER.parse(der), case .constructed(let parts) = root.content else {
            return nil
        }
        let nodes = Array(parts)
        guard nodes.count == 3, case .constructed(let fields) = nodes[0].content else { return nil }
        let own = key.publicKey.derRepresentation
        guard fields.contains(where: { $0.encodedBytes.elementsEqual(own) }) else { return nil }
        let information = nodes[0].encodedBytes
        let signed =
            switch digest {
            case .sha1: try? key.signature(for: Insecure.SHA1.hash(data: information), padding: .insecurePKCS1v1_5)
            case .sha256: try? key.signature(for: SHA256.hash(data: information), padding: .insecurePKCS1v1_5)
            case .sha384: try? key.signature(for: SHA384.hash(data: information), padding: .insecurePKCS1v1_5)
            }
        guard let signature = signed else { return nil }
        var serializer = DER.Serializer()
        serializer.appendConstructedNode(identifier: .sequence) { coder in
            coder.serializeRawBytes(information)
            coder.serializeRawBytes(nodes[1].encodedBytes)
            try? coder.serialize(ASN1BitString(bytes: ArraySlice(signature.rawRepresentation)))
        }
        return serializer.serializedBytes
    }
}

extension KeyStore {
    /// The store as a file can hold it, in DER.
    struct Saved: Codable {
        var keys: [Int: [UInt8]]
        var certificates: [Int: [UInt8]]
        var trustedRoots: [Int]
        var nextKey: Int
        var nextCertificate: Int
    }

    var saved: Saved {
        Saved(
            keys: keys.mapValues { Array($0.derRepresentation) }, certificates: certificates.mapValues(\.der),
            trustedRoots: certificates.filter(\.value.isTrustedRoot).keys.sorted(), nextKey: nextKey,
            nextCertificate: nextCertificate)
    }

    init(_ saved: Saved) throws {
        keys = try saved.keys.mapValues { try RSAKey(derRepresentation: $0) }
        for (handle, der) in saved.certificates {
            certificates[handle] = Stored(
                certificate: try Certificate(derEncoded: der), der: der,
                isTrustedRoot: saved.trustedRoots.contains(handle))
        }
        nextKey = saved.nextKey
        nextCertificate = saved.nextCertificate
    }
}
