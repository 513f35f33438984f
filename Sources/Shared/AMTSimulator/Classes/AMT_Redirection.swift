import LibXML

/// Redirection itself is not simulated; its switch is, since clients set it before they use power and boot.
enum AMT_RedirectionService: FirmwareClass {
    static let name = "AMT_RedirectionService"
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var properties = serviceProperties(name, "Intel(r) AMT Redirection Service")
        properties["EnabledState"] = .number(firmware.redirection.state)
        properties["ListenerEnabled"] = .boolean(firmware.redirection.listens)
        properties["RequestedState"] = nil
        return [instance(properties)]
    }

    static func put(_ firmware: inout SimulatedFirmware, _ request: WSRequest, _ body: XMLElement) throws(WSFault) {
        var wanted = firmware.redirection
        if let listens = body["ListenerEnabled"] {
            guard let value = truth(listens.text) else { throw .invalidRepresentation }
            wanted.listens = value
        }
        if let state = body["EnabledState"] {
            guard let value = UInt32(state.text), states.contains(value) else { throw .invalidRepresentation }
            wanted.state = value
        }
        firmware.redirection = wanted
    }

    /// 32768 neither, 32769 IDE-R, 32770 SOL, 32771 both; 5 is CIM's invalid parameter.
    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        guard method == "RequestStateChange" else { throw .actionNotSupported }
        guard let state = UInt32(input["RequestedState"]?.text ?? ""), states.contains(state) else {
            return .status(5)
        }
        firmware.redirection.state = state
        return .status(0)
    }

    private static let states: ClosedRange<UInt32> = 32768...32771
}

/// Kerberos is never on here; a client may ask.
enum AMT_KerberosSettingData: FirmwareClass {
    static let name = "AMT_KerberosSettingData"

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        [
            instance([
                "ElementName": .text("Intel(r) AMT: Kerberos Settings"),
                // The blank after Intel is the firmware's.
                "InstanceID": .text("Intel (r) AMT: Kerberos Settings"), "KrbEnabled": .text("false"),
                "SupportedEncryptionAlgorithms": .list(["0", "1", "2"]),
            ])
        ]
    }

    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        guard method == "GetCredentialCacheState" else { throw .actionNotSupported }
        return MethodAnswer(outputs: [("Enabled", .boolean(false))], status: 0)
    }
}
