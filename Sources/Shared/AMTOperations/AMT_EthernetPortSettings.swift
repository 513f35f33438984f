package import LibXML
package import WSMan

extension AMT {
    /// A network port of the firmware.
    package enum EthernetPortSettings: WSManClass {
        package typealias Instance = Settings
        package static let resource = ResourceClass.amt("EthernetPortSettings")
        package typealias Get = WSMan.Get<EthernetPortSettings>

        /// Which port; the text is its `InstanceID`.
        package enum Port: String, Sendable {
            case wired = "Intel(r) AMT Ethernet Port Settings 0"
            case wireless = "Intel(r) AMT Ethernet Port Settings 1"
        }

        package static func instance(from element: XMLElement) throws(WSManFault) -> Settings {
            let object = try ManagedObject(element, of: resource)
            try object.check(flags: ["DHCPEnabled", "IpSyncEnabled", "LinkIsUp"], texts: ["InstanceID"])
            return Settings(object: object)
        }
    }
}

extension AMT.EthernetPortSettings {
    /// A port's properties; those that are `nil` the firmware left out.
    package struct Settings: Hashable, Sendable {
        package let object: ManagedObject

        package var instanceID: String { object.text("InstanceID") ?? "" }
        package var port: Port? { Port(rawValue: instanceID) }

        /// `c8-d9-d2-7a-1e-33`; `nil` too when the firmware shows zeros, which mark a port that is not there.
        package var macAddress: String? {
            object.text("MACAddress").flatMap { $0 == "00-00-00-00-00-00" || $0.isEmpty ? nil : $0 }
        }

        package var ipAddress: String? { object.text("IPAddress") }
        package var dhcpEnabled: Bool? { object.flag("DHCPEnabled") }
        /// Whether the firmware follows the host's static address; from AMT 7 on.
        package var ipSyncEnabled: Bool? { object.flag("IpSyncEnabled") }
        package var linkIsUp: Bool? { object.flag("LinkIsUp") }
    }
}

extension Get where Class == AMT.EthernetPortSettings {
    /// Reads the settings of one port.
    package init(_ port: AMT.EthernetPortSettings.Port) { self.init([Selector("InstanceID", port.rawValue)]) }
}
