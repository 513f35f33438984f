import LibXML

/// The wired port, and a wireless one that is not there.
enum AMT_EthernetPortSettings: FirmwareClass {
    static let name = "AMT_EthernetPortSettings"
    static let wiredPort = "Intel(r) AMT Ethernet Port Settings 0"
    static let wirelessPort = "Intel(r) AMT Ethernet Port Settings 1"

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var wireless: [String: PropertyValue] = [
            "ConsoleTcpMaxRetransmissions": .text("5"), "DHCPEnabled": .text("true"),
            "ElementName": .text("Intel(r) AMT Ethernet Port Settings"), "InstanceID": .text(wirelessPort),
            // All zero marks an absent wireless port.
            "LinkControl": .text("2"), "LinkIsUp": .text("false"), "LinkPreference": .text("2"),
            "MACAddress": .text("00-00-00-00-00-00"), "SharedMAC": .text("true"), "WLANLinkProtectionLevel": .text("1"),
        ]
        if firmware.personality.newerProperties.contains(.physicalConnectionType) {
            wireless["PhysicalConnectionType"] = .text("3")
        }
        return [instance(wired(firmware)), instance(wireless)]
    }

    private static func wired(_ firmware: SimulatedFirmware) -> [String: PropertyValue] {
        let port = firmware.wired
        var wired: [String: PropertyValue] = [
            "DHCPEnabled": .boolean(port.usesDHCP), "ElementName": .text("Intel(r) AMT Ethernet Port Settings"),
            "DefaultGateway": .text(firmware.ipv4.gateway), "IPAddress": .text(firmware.ipv4.address),
            "InstanceID": .text(wiredPort), "IpSyncEnabled": .boolean(port.followsHost), "LinkIsUp": .text("true"),
            "LinkPolicy": .list(port.linkPolicy.map { "\($0)" }),
            "MACAddress": .text(firmware.mac.map { [$0].hexadecimal }.joined(separator: "-")),
            "PrimaryDNS": .text(firmware.ipv4.nameServer), "SharedDynamicIP": .text("true"), "SharedMAC": .text("true"),
            "SharedStaticIp": .boolean(port.sharesStaticAddress), "SubnetMask": .text("255.255.255.0"),
        ]
        for (name, value) in port.addresses { wired[name] = .text(value) }
        if firmware.personality.release < 7 { wired["IpSyncEnabled"] = nil }
        if firmware.personality.newerProperties.contains(.physicalConnectionType) {
            wired["PhysicalConnectionType"] = .text("0")
        }
        return wired
    }

    /// Takes the wired port's settings; where it has its address from others, addresses in the body count for nothing.
    ///
    /// A static address is kept and told, and the port stays where it is: the control socket moves a device.
    static func put(_ firmware: inout SimulatedFirmware, _ request: WSRequest, _ body: XMLElement) throws(WSFault) {
        guard (request.selectors["InstanceID"]?.text ?? body["InstanceID"]?.text) == wiredPort else {
            throw .destinationUnreachable
        }
        var port = firmware.wired
        for (name, place) in WiredPort.switches {
            guard let text = body[name]?.text else { continue }
            guard let value = truth(text) else { throw .invalidRepresentation }
            port[keyPath: place] = value
        }
        let policy = body.all("LinkPolicy").map { UInt32($0.text) }
        guard policy.allSatisfy({ $0.map { [1, 14, 16, 224].contains($0) } == true }) else { throw .internalError(36) }
        if !policy.isEmpty { port.linkPolicy = policy.compactMap { $0 } }
        port.addresses = [:]
        if !port.usesDHCP, !port.followsHost {
            for name in WiredPort.addressNames { port.addresses[name] = body[name]?.text }
            guard port.addresses["IPAddress"] != nil, port.addresses["SubnetMask"] != nil else {
                throw .internalError(36)
            }
        }
        firmware.wired = port
    }
}

/// What can be set of the wired port.
struct WiredPort: Codable, Hashable, Sendable {
    var usesDHCP = true
    var followsHost = true
    var sharesStaticAddress = false
    /// When the link is up: 1 and 14 on mains, 16 and 224 on battery, at work and asleep.
    var linkPolicy: [UInt32] = [1, 14]
    /// Static addresses, by the names of their properties.
    var addresses: [String: String] = [:]

    static let addressNames = ["DefaultGateway", "IPAddress", "PrimaryDNS", "SecondaryDNS", "SubnetMask"]
    static var switches: [(String, WritableKeyPath<WiredPort, Bool>)] {
        [("DHCPEnabled", \.usesDHCP), ("IpSyncEnabled", \.followsHost), ("SharedStaticIp", \.sharesStaticAddress)]
    }
}
