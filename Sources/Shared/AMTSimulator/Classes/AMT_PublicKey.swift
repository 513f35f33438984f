import CryptoExtras
import Foundation
import LibXML
import X509

enum AMT_PublicKeyManagementService: FirmwareClass {
    static let name = "AMT_PublicKeyManagementService"
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var properties = serviceProperties(name, "Intel(r) AMT Public Key Management Service")
        properties["ElementName"] = .text("Intel(r) AMT Certificate Store Service")
        properties["EnabledDefault"] = .text("5")
        return [instance(properties)]
    }

    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        let isYoung = ["GenerateKeyPair", "GeneratePKCS10RequestEx"].contains(method)
        guard !isYoung || firmware.personality.switches.makesKeys else { throw .actionNotSupported }
        switch method {
        case "GenerateKeyPair":
            guard input["KeyAlgorithm"]?.text == "0", let bits = Int(input["KeyLength"]?.text ?? ""),
                [1024, 1536, 2048].contains(bits)
            else { return .status(36) }
            guard firmware.store.keys.count < 8 else { return .status(23) }
            guard let handle = try? firmware.store.makeKey(bits: bits) else { return .status(1) }
            return MethodAnswer(outputs: [("KeyPair", key(handle))], status: 0)
        case "GeneratePKCS10RequestEx":
            guard let handle = handle(in: input["KeyPair"]),
                let algorithm = UInt32(input["SigningAlgorithm"]?.text ?? ""),
                let request = Data(base64Encoded: input["NullSignedCertificateRequest"]?.text ?? "")
            else { return .status(36) }
            // Only SHA-256 is simulated: the request has to name it, as ours and every client's of this decade does.
            guard algorithm == 1 else { return .status(2066) }
            guard firmware.store.keys[handle] != nil else { return .status(2053) }
            guard let signed = firmware.store.sign(request: Array(request), with: handle) else { return .status(2062) }
            return MethodAnswer(
                outputs: [("SignedCertificateRequest", .text(Data(signed).base64EncodedString()))], status: 0)
        case "AddCertificate", "AddTrustedRootCertificate":
            guard let der = Data(base64Encoded: input["CertificateBlob"]?.text ?? "") else { return .status(2063) }
            let added = firmware.store.add(certificate: Array(der), isTrustedRoot: method != "AddCertificate")
            guard added.status == 0 else { return .status(added.status) }
            return MethodAnswer(outputs: [("CreatedCertificate", certificate(added.handle))], status: 0)
        case "AddKey":
            guard let der = Data(base64Encoded: input["KeyBlob"]?.text ?? ""),
                let key = try? _RSA.Signing.PrivateKey(derRepresentation: der)
            else { return .status(2062) }
            return MethodAnswer(outputs: [("CreatedKey", self.key(firmware.store.add(key)))], status: 0)
        default: throw .actionNotSupported
        }
    }

    static func key(_ handle: Int) -> PropertyValue {
        .reference(
            resource: Namespace.ofClass(AMT_PublicPrivateKeyPair.name),
            selectors: ["InstanceID": AMT_PublicPrivateKeyPair.instanceID(handle)])
    }

    static func certificate(_ handle: Int) -> PropertyValue {
        .reference(
            resource: Namespace.ofClass(AMT_PublicKeyCertificate.name),
            selectors: ["InstanceID": AMT_PublicKeyCertificate.instanceID(handle)])
    }

    /// The number at the end of an EPR's InstanceID.
    static func handle(in reference: XMLElement?) -> Int? {
        reference.flatMap { WSRequest.SelectorValue.reference($0).instanceID }.flatMap(handle(in:))
    }

    static func handle(in instanceID: String) -> Int? { instanceID.split(separator: " ").last.flatMap { Int($0) } }
}

enum AMT_PublicPrivateKeyPair: FirmwareClass {
    static let name = "AMT_PublicPrivateKeyPair"
    static let declaresCommon = true
    static func instanceID(_ handle: Int) -> String { "Intel(r) AMT Key: Handle: \(handle)" }

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        firmware.store.keys.sorted { $0.key < $1.key }.map { handle, key in
            instance([
                // PKCS#1, as every capture has it.
                "DERKey": .text(key.publicKey.pkcs1DERRepresentation.base64EncodedString()),
                "ElementName": .text("Intel(r) AMT Key"), "InstanceID": .text(instanceID(handle)),
            ])
        }
    }

    static func delete(_ firmware: inout SimulatedFirmware, _ instance: Instance) throws(WSFault) {
        guard let handle = instance.text("InstanceID").flatMap(AMT_PublicKeyManagementService.handle(in:)) else {
            throw .destinationUnreachable
        }
        let inUse = firmware.store.certificates.values.contains { firmware.store.key(of: $0.certificate) == handle }
        guard !inUse else { throw .accessDenied }
        firmware.store.removeKey(handle)
    }
}

enum AMT_PublicKeyCertificate: FirmwareClass {
    static let name = "AMT_PublicKeyCertificate"
    static let declaresCommon = true
    static func instanceID(_ handle: Int) -> String { "Intel(r) AMT Certificate: Handle: \(handle)" }

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        firmware.store.certificates.sorted { $0.key < $1.key }.map { handle, stored in
            instance([
                "ElementName": .text("Intel(r) AMT Certificate"), "InstanceID": .text(instanceID(handle)),
                "Issuer": .text("\(stored.certificate.issuer)"),
                "Subject": .text("\(stored.certificate.subject)"),
                "TrustedRootCertficate": .boolean(stored.isTrustedRoot),
                "X509Certificate": .text(Data(stored.der).base64EncodedString()),
            ])
        }
    }

    static func delete(_ firmware: inout SimulatedFirmware, _ instance: Instance) throws(WSFault) {
        guard let handle = instance.text("InstanceID").flatMap(AMT_PublicKeyManagementService.handle(in:)) else {
            throw .destinationUnreachable
        }
        guard firmware.tls.certificate != handle, firmware.committedTLS.certificate != handle else {
            throw .accessDenied
        }
        firmware.store.removeCertificate(handle)
    }
}
