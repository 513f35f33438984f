import Crypto
import CryptoExtras
import Foundation
import SwiftASN1
import X509

@testable import AMTSimulator

/// Keys that tests share, since RSA pairs take long to make.
enum TestKeys {
    /// A 2048-bit pair of nobody's, PKCS#1 in base64.
    static let spareKey: String = {
        let key = try? _RSA.Signing.PrivateKey(keySize: .bits2048)
        return key?.derRepresentation.base64EncodedString() ?? ""
    }()
}

extension Device {
    private static let service = "AMT_PublicKeyManagementService"

    /// GenerateKeyPair.
    mutating func makeKey() throws -> Reply {
        try invoke(
            Self.service, "GenerateKeyPair", "<h:KeyAlgorithm>0</h:KeyAlgorithm><h:KeyLength>2048</h:KeyLength>"
        ).reply
    }

    /// A certificate of this device's own key pair, made where there is none, signed by nobody in particular.
    func certificate(of handle: Int, name: String = "pc1.corp.example.test") throws -> [UInt8] {
        guard let key = firmware.store.keys[handle] else { throw Missing("key pair \(handle)") }
        let subject = try DistinguishedName { CommonName(name) }
        return try der(
            Certificate(
                version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
                notValidBefore: Date(timeIntervalSince1970: firmware.now - 60),
                notValidAfter: Date(timeIntervalSince1970: firmware.now + 86_400), issuer: subject, subject: subject,
                signatureAlgorithm: .sha256WithRSAEncryption, extensions: .init(), issuerPrivateKey: .init(key)))
    }

    /// Adds so many certificates of one key pair; gives the answer to the last.
    @discardableResult
    mutating func addCertificates(_ count: Int) throws -> Reply {
        if firmware.store.keys.isEmpty {
            _ =
                try firmware.personality.makesKeys
                ? makeKey()
                : invoke(Self.service, "AddKey", "<h:KeyBlob>\(TestKeys.spareKey)</h:KeyBlob>").reply
        }
        var last: Reply?
        for number in 0..<count {
            last = try add(try certificate(of: 0, name: "pc\(number).corp.example.test"))
        }
        guard let last else { throw Missing("a certificate to add") }
        return last
    }

    mutating func add(_ certificate: [UInt8], method: String = "AddCertificate") throws -> Reply {
        let blob = Data(certificate).base64EncodedString()
        return try invoke(Self.service, method, "<h:CertificateBlob>\(blob)</h:CertificateBlob>").reply
    }

    /// Adds a root of its own.
    @discardableResult
    mutating func addRoot(_ authority: Authority? = nil) throws -> Reply {
        try add(try authority?.der() ?? Authority().der(), method: "AddTrustedRootCertificate")
    }

    /// A request that is complete but for its signature, which is zero.
    func nullSignedRequest(
        handle: Int, key other: _RSA.Signing.PrivateKey? = nil,
        _ algorithm: Certificate.SignatureAlgorithm = .sha256WithRSAEncryption
    ) throws -> [UInt8] {
        guard let key = other ?? firmware.store.keys[handle] else { throw Missing("key pair \(handle)") }
        let request = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName { CommonName("pc1.corp.example.test") },
            privateKey: .init(key), attributes: .init(), signatureAlgorithm: algorithm)
        var bytes = try der(request)
        // The signature is the last thing in it.
        bytes.replaceSubrange((bytes.count - 256)..., with: [UInt8](repeating: 0, count: 256))
        return bytes
    }

    mutating func sign(request: [UInt8], handle: Int, algorithm: Int = 1) throws -> Reply {
        let pair = reference("AMT_PublicPrivateKeyPair", "InstanceID", "Intel(r) AMT Key: Handle: \(handle)")
        return try invoke(
            Self.service, "GeneratePKCS10RequestEx",
            "<h:KeyPair>\(pair)</h:KeyPair><h:NullSignedCertificateRequest>\(Data(request).base64EncodedString())"
                + "</h:NullSignedCertificateRequest><h:SigningAlgorithm>\(algorithm)</h:SigningAlgorithm>"
        ).reply
    }

    /// The properties of a TLS context; the collection's name without its blank, as every client writes it.
    func contextBody(_ handle: Int) -> String {
        let certificate = reference(
            "AMT_PublicKeyCertificate", "InstanceID", "Intel(r) AMT Certificate: Handle: \(handle)")
        let collection = reference(
            "AMT_TLSProtocolEndpointCollection", "ElementName", "TLSProtocolEndpointInstances Collection")
        return "<h:ElementInContext>\(certificate)</h:ElementInContext>"
            + "<h:ElementProvidingContext>\(collection)</h:ElementProvidingContext>"
    }
}

struct Missing: Error, CustomStringConvertible {
    var description: String
    init(_ what: String) { description = "the test lacks \(what)" }
}

func der(_ value: some DERSerializable) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.serialize(value)
    return serializer.serializedBytes
}
