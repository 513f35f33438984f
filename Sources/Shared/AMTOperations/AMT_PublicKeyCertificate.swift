package import LibXML
package import WSMan

extension AMT {
    /// A certificate in the firmware's store.
    ///
    /// One that TLS uses cannot be deleted; the firmware answers with a fault.
    package enum PublicKeyCertificate: WSManClass {
        package typealias Instance = Certificate
        package static let resource = ResourceClass.amt("PublicKeyCertificate")
        package typealias Get = WSMan.Get<PublicKeyCertificate>
        package typealias Delete = WSMan.Delete<PublicKeyCertificate>

        package static func instance(from element: XMLElement) throws(WSManFault) -> Certificate {
            let object = try ManagedObject(element, of: resource)
            // `TrustedRootCertficate` lacks its i in the firmware too.
            try object.check(flags: ["TrustedRootCertficate", "ReadOnlyCertificate"], texts: ["InstanceID"])
            return Certificate(
                id: object.text("InstanceID") ?? "",
                certificate: try bytes(base64: object.text("X509Certificate"), "\(resource.name).X509Certificate"),
                isTrustedRoot: object.flag("TrustedRootCertficate") ?? false,
                isReadOnly: object.flag("ReadOnlyCertificate") ?? false, issuer: object.text("Issuer") ?? "",
                subject: object.text("Subject") ?? "")
        }
    }
}

extension AMT.PublicKeyCertificate {
    /// A stored certificate and what the firmware says of it.
    package struct Certificate: Hashable, Sendable {
        /// `Intel(r) AMT Certificate: Handle: 1`.
        package let id: String
        /// DER.
        package let certificate: [UInt8]
        package let isTrustedRoot: Bool
        /// The firmware made it for itself, and it cannot be deleted.
        package let isReadOnly: Bool
        /// As the firmware writes names: `C=unknown,O=unknown,CN=MPSRoot-0af1d5`.
        package let issuer: String
        package let subject: String
    }
}

extension Get where Class == AMT.PublicKeyCertificate {
    /// Reads the certificate with this `InstanceID`.
    package init(_ id: String) { self.init([Selector("InstanceID", id)]) }
}

extension Delete where Class == AMT.PublicKeyCertificate {
    /// Deletes the certificate with this `InstanceID`.
    package init(_ id: String) { self.init([Selector("InstanceID", id)]) }
}
