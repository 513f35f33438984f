package import LibXML
package import Vocabulary
package import WSMan

extension AMT {
    /// The store of keys and certificates; one instance.
    ///
    /// GenerateKeyPair and GeneratePKCS10RequestEx are there from AMT 7 on (6.2 on some machines).
    package enum PublicKeyManagementService: WSManClass {
        package typealias Instance = ManagedObject
        package static let resource = ResourceClass.amt("PublicKeyManagementService")
        package typealias Get = WSMan.Get<PublicKeyManagementService>

        /// What the methods of the class answer.
        ///
        /// Source: return values seen by MeshCommander and RPS, and `AMT_PublicKeyManagementService.h` of Intel LMS.
        fileprivate static func refusals(_ words: [UInt32]) -> [UInt32: String] {
            PTStatus.refusals(
                [1, 16, 23, 36, 38] + words,
                [
                    23: "the store is full",
                    2058: "this is in the store already",
                    2062: "the key is of a kind or a length that the firmware does not take",
                    2063: "the certificate cannot be read by the firmware",
                    2064: "no key in the store belongs to this certificate",
                    2082: "a key is being made",
                ])
        }
    }
}

extension AMT.PublicKeyManagementService {
    /// Makes an RSA key pair inside the firmware.
    ///
    /// The output is the `InstanceID` of the new ``AMT/PublicPrivateKeyPair``. While one is being made,
    /// another is refused with 2082.
    package struct GenerateKeyPair: WSManOperation {
        package static let resource = AMT.PublicKeyManagementService.resource
        package static let verb = Verb.invoke("GenerateKeyPair")
        package static let refusals = AMT.PublicKeyManagementService.refusals([2062, 2066, 2082])
        package let bits: UInt32

        /// - Parameter bits: The modulus: 2048; older firmware takes 1024 and 1536 too.
        package init(bits: UInt32 = 2048) { self.bits = bits }

        /// Key algorithm 0 is RSA.
        package var input: [XMLElement] {
            [Self.element("KeyAlgorithm", "0"), Self.element("KeyLength", "\(bits)")]
        }

        package static func output(from body: XMLElement?) throws(WSManFault) -> String {
            try created("KeyPair", in: try accepted(body), of: AMT.PublicPrivateKeyPair.resource)
        }
    }

    /// Lets a key in the firmware sign a certificate request.
    ///
    /// The output is the signed request, DER.
    package struct GeneratePKCS10RequestEx: WSManOperation {
        package static let resource = AMT.PublicKeyManagementService.resource
        package static let verb = Verb.invoke("GeneratePKCS10RequestEx")
        package static let refusals = AMT.PublicKeyManagementService.refusals([2062, 2064, 2066, 2082])

        /// How the request is signed; SHA-1, number 0, is gone from AMT 18 on.
        package enum Algorithm: UInt32, Sendable {
            case sha256 = 1
            case sha384 = 2
        }

        package let keyPair: String
        package let nullSignedRequest: [UInt8]
        package let algorithm: Algorithm

        /// Asks for a signature.
        ///
        /// - Parameters:
        ///   - keyPair: The `InstanceID` of the key pair.
        ///   - nullSignedRequest: PKCS#10, DER, complete but for a signature that is a dummy. Its public key must be
        ///     that of the key pair.
        ///   - algorithm: How to sign.
        package init(keyPair: String, nullSignedRequest: [UInt8], algorithm: Algorithm) {
            self.keyPair = keyPair
            self.nullSignedRequest = nullSignedRequest
            self.algorithm = algorithm
        }

        /// In the order of Intel's schema, which MeshCommander keeps.
        package var input: [XMLElement] {
            let reference = EndpointReference(AMT.PublicPrivateKeyPair.resource, [Selector("InstanceID", keyPair)])
            return [
                XMLElement("KeyPair", in: Self.resource.uri, children: reference.content),
                Self.element("SigningAlgorithm", "\(algorithm.rawValue)"),
                Self.element("NullSignedCertificateRequest", base64(nullSignedRequest)),
            ]
        }

        package static func output(from body: XMLElement?) throws(WSManFault) -> [UInt8] {
            try bytes(
                base64: try accepted(body)["SignedCertificateRequest"]?.text, "\(title): SignedCertificateRequest")
        }
    }

    /// Stores a certificate whose key is in the firmware.
    ///
    /// The output is the `InstanceID` of the new ``AMT/PublicKeyCertificate``.
    package struct AddCertificate: WSManOperation {
        package static let resource = AMT.PublicKeyManagementService.resource
        package static let verb = Verb.invoke("AddCertificate")
        package static let refusals = AMT.PublicKeyManagementService.refusals([2058, 2063, 2064])
        package let certificate: [UInt8]

        /// - Parameter certificate: DER.
        package init(_ certificate: [UInt8]) { self.certificate = certificate }

        package var input: [XMLElement] { [Self.element("CertificateBlob", base64(certificate))] }

        package static func output(from body: XMLElement?) throws(WSManFault) -> String {
            try created("CreatedCertificate", in: try accepted(body), of: AMT.PublicKeyCertificate.resource)
        }
    }

    /// Stores a root that the firmware trusts in others' certificates.
    ///
    /// The output is the `InstanceID` of the new ``AMT/PublicKeyCertificate``. A root that is there already is refused
    /// with 2058.
    package struct AddTrustedRootCertificate: WSManOperation {
        package static let resource = AMT.PublicKeyManagementService.resource
        package static let verb = Verb.invoke("AddTrustedRootCertificate")
        package static let refusals = AMT.PublicKeyManagementService.refusals([2058, 2063])
        package let certificate: [UInt8]

        /// - Parameter certificate: DER.
        package init(_ certificate: [UInt8]) { self.certificate = certificate }

        package var input: [XMLElement] { [Self.element("CertificateBlob", base64(certificate))] }

        package static func output(from body: XMLElement?) throws(WSManFault) -> String {
            try created("CreatedCertificate", in: try accepted(body), of: AMT.PublicKeyCertificate.resource)
        }
    }

    /// Stores a private key that was made elsewhere, for firmware that cannot make one.
    ///
    /// The output is the `InstanceID` of the new ``AMT/PublicPrivateKeyPair``.
    package struct AddKey: WSManOperation {
        package static let resource = AMT.PublicKeyManagementService.resource
        package static let verb = Verb.invoke("AddKey")
        package static let refusals = AMT.PublicKeyManagementService.refusals([2058, 2062])
        package let key: Secret

        /// - Parameter key: PKCS#1 RSAPrivateKey, DER.
        package init(_ key: Secret) { self.key = key }

        package var input: [XMLElement] { [Self.element("KeyBlob", base64(revealing: key))] }

        /// The class of the reference is not looked at: a capture of AMT 12 names that of certificates.
        package static func output(from body: XMLElement?) throws(WSManFault) -> String {
            guard let element = try accepted(body)["CreatedKey"],
                let key = try EndpointReference(element)["InstanceID"], !key.isEmpty
            else { throw .unreadable("\(title): the answer names no key") }
            return key
        }
    }
}
