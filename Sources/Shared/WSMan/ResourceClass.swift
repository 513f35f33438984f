/// A class of the firmware, by its name and its URI.
///
/// The URI is also the XML namespace of the class's properties and of its methods' parameters.
package struct ResourceClass: Hashable, Sendable {
    /// As the firmware spells it: `AMT_GeneralSettings`.
    package let name: String
    package let uri: String

    private init(_ name: String, below base: String) {
        self.name = name
        uri = base + name
    }

    /// A class of Intel's AMT schema, named without its `AMT_`.
    package static func amt(_ name: String) -> ResourceClass {
        ResourceClass("AMT_\(name)", below: "http://intel.com/wbem/wscim/1/amt-schema/1/")
    }

    /// A class of Intel's IPS schema, named without its `IPS_`.
    package static func ips(_ name: String) -> ResourceClass {
        ResourceClass("IPS_\(name)", below: "http://intel.com/wbem/wscim/1/ips-schema/1/")
    }

    /// A class of the DMTF's schema, named without its `CIM_`.
    package static func cim(_ name: String) -> ResourceClass {
        ResourceClass("CIM_\(name)", below: "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/")
    }

    /// Whether the class's methods answer with words of the SDK's status table.
    ///
    /// `IPS_` and `CIM_` classes number their answers method by method.
    package var answersWithPTStatus: Bool { name.hasPrefix("AMT_") }
}
