import LibXML

enum CIM_PowerManagementService: FirmwareClass {
    static let name = "CIM_PowerManagementService"
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        [instance(serviceProperties(name, "Intel(r) AMT Power Management Service"))]
    }

    /// Powers the machine on or off, or starts it anew.
    ///
    /// The numbers are CIM's: 5 an invalid parameter, 2 failed. Source: network reference 7.2, 7.3; that a machine that
    /// is off refuses a reset is inferred from the clients that then power it on instead.
    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        guard method == "RequestPowerStateChange" else { throw .actionNotSupported }
        let isOn = firmware.machine.powerState == 2
        switch UInt32(input["PowerState"]?.text ?? "") {
        case 2: if !isOn { firmware.machine.boot() }
        case 5, 9, 10, 14:
            guard isOn else { return .status(2) }
            firmware.machine.boot()
        case 6, 8, 12: firmware.machine.powerState = 8
        case let sleep? where [3, 4, 7].contains(sleep): firmware.machine.powerState = sleep
        case 11: break
        default: return .status(5)
        }
        return .status(0)
    }
}

enum CIM_AssociatedPowerManagementService: FirmwareClass {
    static let name = "CIM_AssociatedPowerManagementService"
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        let isOn = firmware.machine.powerState == 2
        return [
            instance([
                "AvailableRequestedPowerStates": .list(isOn ? ["10", "8", "5", "11", "4", "7", "14", "12"] : ["2"]),
                "PowerState": .number(firmware.machine.powerState),
                "ServiceProvided": .reference(
                    resource: Namespace.ofClass("CIM_PowerManagementService"),
                    selectors: [
                        "CreationClassName": "CIM_PowerManagementService",
                        "Name": "Intel(r) AMT Power Management Service",
                        "SystemCreationClassName": "CIM_ComputerSystem", "SystemName": "Intel(r) AMT",
                    ]),
                "UserOfService": .reference(
                    resource: Namespace.ofClass("CIM_ComputerSystem"),
                    selectors: ["CreationClassName": "CIM_ComputerSystem", "Name": "ManagedSystem"]),
            ])
        ]
    }
}
