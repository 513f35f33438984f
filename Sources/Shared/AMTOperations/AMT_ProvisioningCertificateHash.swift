package import LibXML
package import WSMan

extension AMT {
    /// The hashes of the roots that set-up by certificates trusts, an instance each.
    ///
    /// Source: the maker's schema, as network reference 2.1 gives it; no capture shows an instance.
    package enum ProvisioningCertificateHash: WSManClass {
        package typealias Instance = Root
        package static let resource = ResourceClass.amt("ProvisioningCertificateHash")

        package static func instance(from element: XMLElement) throws(WSManFault) -> Root {
            let object = try ManagedObject(element, of: resource)
            try object.check(flags: ["Enabled"])
            return Root(
                hash: try bytes(base64: object.text("HashData"), "\(resource.name).HashData"),
                isEnabled: object.flag("Enabled") ?? true)
        }
    }
}

extension AMT.ProvisioningCertificateHash {
    /// A root by its hash, whose length tells its kind.
    package struct Root: Hashable, Sendable {
        package let hash: [UInt8]
        /// Whether set-up goes by it.
        package let isEnabled: Bool
    }
}
