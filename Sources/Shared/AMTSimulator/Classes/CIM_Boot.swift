import LibXML

/// The four places of a boot, as a console asks for them.
enum CIM_BootSourceSetting: FirmwareClass {
    static let name = "CIM_BootSourceSetting"

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        let sources = [("Hard-drive", "Hard-Disk"), ("PXE", "Network"), ("CD/DVD", "CD/DVD")]
        return sources.map { place, device in
            instance([
                "ElementName": .text("Intel(r) AMT: Boot Source"), "FailThroughSupported": .text("2"),
                "InstanceID": .text("Intel(r) AMT: Force \(place) Boot"),
                "StructuredBootString": .text("CIM:\(device):1"),
            ])
        }
    }
}

enum CIM_BootConfigSetting: FirmwareClass {
    static let name = "CIM_BootConfigSetting"
    static let instanceID = "Intel(r) AMT: Boot Configuration 0"

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        [instance(["ElementName": .text("Intel(r) AMT: Boot Configuration"), "InstanceID": .text(instanceID)])]
    }

    /// Chooses where the machine boots from, or without a source takes the choice back.
    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        guard method == "ChangeBootOrder" else { throw .actionNotSupported }
        guard let source = input["Source"] else {
            firmware.machine.bootSource = nil
            return .status(0)
        }
        let wanted = WSRequest.SelectorValue.reference(source).instanceID
        guard CIM_BootSourceSetting.instances(firmware).contains(where: { $0.text("InstanceID") == wanted }) else {
            return .status(5)
        }
        firmware.machine.bootSource = wanted
        return .status(0)
    }
}

enum CIM_BootService: FirmwareClass {
    static let name = "CIM_BootService"
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var properties = serviceProperties(name, "Intel(r) AMT Boot Service")
        properties["EnabledState"] = .number(firmware.machine.bootServiceState)
        properties["OperationalStatus"] = .text("0")
        return [instance(properties)]
    }

    /// Says for which boots the choice counts: 0 the next one, 1 the next one alone, 2 all.
    ///
    /// RequestStateChange switches, from 16 on, boots over the network by UEFI (1) and by the platform's erase (2) on.
    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        if method == "RequestStateChange", firmware.personality.release >= 16 {
            guard let state = UInt32(input["RequestedState"]?.text ?? ""), (32768...32771).contains(state) else {
                return .status(5)
            }
            firmware.machine.bootServiceState = state
            return .status(0)
        }
        guard method == "SetBootConfigRole" else { throw .actionNotSupported }
        guard let setting = input["BootConfigSetting"],
            WSRequest.SelectorValue.reference(setting).instanceID == CIM_BootConfigSetting.instanceID,
            let role = UInt32(input["Role"]?.text ?? ""), role <= 2 || role == 32768
        else { return .status(5) }
        firmware.machine.bootRole = role
        return .status(0)
    }
}
