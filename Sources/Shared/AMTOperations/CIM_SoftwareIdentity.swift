package import LibXML
package import WSMan

extension CIM {
    /// A part of the firmware and its version.
    ///
    /// Instances of a real one: Flash, Netstack, AMTApps, AMT, Sku, VendorID, Build Number, Recovery Version, Recovery
    /// Build Num, Legacy Mode, AMT FW Core Version.
    package enum SoftwareIdentity: WSManClass {
        package typealias Instance = Identity
        package static let resource = ResourceClass.cim("SoftwareIdentity")
        package typealias Get = WSMan.Get<SoftwareIdentity>

        package static func instance(from element: XMLElement) throws(WSManFault) -> Identity {
            let object = try ManagedObject(element, of: resource)
            try object.check(texts: ["InstanceID", "VersionString"])
            return Identity(part: object.text("InstanceID") ?? "", version: object.text("VersionString") ?? "")
        }
    }
}

extension CIM.SoftwareIdentity {
    /// One part and its version.
    package struct Identity: Hashable, Sendable {
        /// The `InstanceID`.
        package let part: String
        /// `12.0.67` for most parts; a number or a word for some.
        package let version: String
    }
}

extension [CIM.SoftwareIdentity.Identity] {
    /// The version that is called the firmware's: that of the part `AMT`.
    package var amtVersion: String? { first { $0.part == "AMT" }?.version }
}

extension Get where Class == CIM.SoftwareIdentity {
    /// Reads one part's version.
    package init(part: String) { self.init([Selector("InstanceID", part)]) }
}
