import Foundation
import LibXML

enum AMT_GeneralSettings: FirmwareClass {
    static let name = "AMT_GeneralSettings"
    static let takesHostAccount = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var properties: [String: PropertyValue] = [
            "DigestRealm": .text(firmware.digestRealm), "DomainName": .text(firmware.names.domainName),
            "ElementName": .text("Intel(r) AMT: General Settings"), "HostName": .text(firmware.names.hostName),
            "HostOSFQDN": .text(firmware.names.hostOSFQDN), "InstanceID": .text("Intel(r) AMT: General Settings"),
            "NetworkInterfaceEnabled": .text("true"), "PowerSource": .text("0"), "PrivacyLevel": .text("0"),
            "SharedFQDN": .boolean(firmware.names.sharedFQDN),
        ]
        if firmware.personality.newerProperties.contains(.thunderboltDockEnabled) {
            properties["ThunderboltDockEnabled"] = .text("0")
        }
        for (name, value) in firmware.names.others { properties[name] = .text(value) }
        return [instance(properties)]
    }

    /// Takes a whole object or a part of one (rpc-go sends two properties, in no namespace).
    static func put(_ firmware: inout SimulatedFirmware, _ request: WSRequest, _ body: XMLElement) throws(WSFault) {
        var names = firmware.names
        for property in body.children {
            switch property.name {
            case "HostName":
                guard property.text.utf8.count <= 63 else { throw .internalError(12) }
                names.hostName = property.text
            case "DomainName":
                guard property.text.utf8.count <= 191 else { throw .internalError(28) }
                names.domainName = property.text
            case "HostOSFQDN" where firmware.personality.switches.hostOSFQDNIsWritable:
                names.hostOSFQDN = property.text
            case "SharedFQDN":
                guard let value = truth(property.text) else { throw .invalidRepresentation }
                names.sharedFQDN = value
            default:
                if names.others[property.name] != nil { names.others[property.name] = property.text }
            }
        }
        firmware.names = names
    }

    /// AMTAuthenticate, where the processor has an authority of its own.
    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        guard method == "AMTAuthenticate", firmware.personality.ownCertificate == .onDie else {
            throw .actionNotSupported
        }
        guard let nonce = Data(base64Encoded: input["MC_Nonce"]?.text ?? "") else { return .status(36) }
        return firmware.authenticate(Array(nonce))
    }
}
