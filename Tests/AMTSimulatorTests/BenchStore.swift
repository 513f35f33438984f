import CryptoExtras
import Foundation
import LibXML
import Testing
import X509

@testable import AMTSimulator

extension Bench {
    /// Lets the firmware make a key pair, issues a certificate for it and selects that for TLS; nothing is committed.
    ///
    /// - Returns: The certificate.
    func giveCertificate(as proof: Proof) async throws -> [UInt8] {
        let service = "AMT_PublicKeyManagementService"
        let pair = "<h:KeyAlgorithm>0</h:KeyAlgorithm><h:KeyLength>2048</h:KeyLength>"
        #expect(try await invoke(service, "GenerateKeyPair", pair, as: proof) == "0")
        let made = try await ownCertificate(as: proof)
        let blob = "<h:CertificateBlob>\(Data(made).base64EncodedString())</h:CertificateBlob>"
        #expect(try await invoke(service, "AddCertificate", blob, as: proof) == "0")
        let context = "AMT_TLSCredentialContext"
        let body = "<h:\(context) xmlns:h=\"\(Namespace.ofClass(context))\">\(Device().contextBody(0))</h:\(context)>"
        let created = try await post(envelope("\(Namespace.transfer)/Create", context, body: body), as: proof)
        #expect(created.status == 200)
        return made
    }

    /// A certificate for the firmware's key pair, as an authority would issue it from the pair's public half.
    private func ownCertificate(as proof: Proof) async throws -> [UInt8] {
        let type = "AMT_PublicPrivateKeyPair"
        let pair = selector("InstanceID", "Intel(r) AMT Key: Handle: 0")
        let answer = try await post(
            envelope("\(Namespace.transfer)/Get", type, body: "", selectors: pair), as: proof)
        let text = try parseXML(Array(answer.body.utf8))["Body"]?[type]?["DERKey"]?.text ?? ""
        let key = try _RSA.Signing.PublicKey(derRepresentation: Data(base64Encoded: text) ?? Data())
        let made = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key), notValidBefore: Authority.now,
            notValidAfter: Date(timeIntervalSince1970: 4e9), issuer: root.certificate.subject,
            subject: DistinguishedName { CommonName("made.corp.example.test") }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: .init(), issuerPrivateKey: .init(root.key))
        return try der(made)
    }
}
