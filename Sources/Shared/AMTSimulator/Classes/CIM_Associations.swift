/// Answered with the instances of the class that descends from it.
enum CIM_ServiceAvailableToElement: FirmwareClass {
    static let name = "CIM_ServiceAvailableToElement"
    static let instanceClass = CIM_AssociatedPowerManagementService.name
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        CIM_AssociatedPowerManagementService.instances(firmware)
    }
}

/// Answered with the instances of the class that descends from it.
enum CIM_SystemPackaging: FirmwareClass {
    static let name = "CIM_SystemPackaging"
    static let instanceClass = CIM_ComputerSystemPackage.name

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] { CIM_ComputerSystemPackage.instances(firmware) }
}

enum CIM_PowerManagementCapabilities: FirmwareClass {
    static let name = "CIM_PowerManagementCapabilities"
    static let endsLate = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        let states = ["5", "8", "2", "10", "11", "12", "14"]
        return [
            instance([
                "ElementName": .text("Power Management Capabilities"),
                "InstanceID": .text("Intel(r) AMT:PowerManagementCapabilities 0"),
                "OtherPowerChangeCapabilities": .empty,
                "PowerChangeCapabilities": .list(["2", "3", "4", "7", "8"]),
                "PowerStatesSupported": .list(states), "RequestedPowerStatesSupported": .list(states),
            ])
        ]
    }
}

/// The one entry that says how the machine was set up.
enum IPS_ProvisioningRecordLog: FirmwareClass {
    static let name = "IPS_ProvisioningRecordLog"
    static let firstRelease = 6
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        let title = "Intel(r) AMT Provisioning Record Log"
        return [
            instance([
                "CurrentNumberOfRecords": .text(firmware.provisioningState == .post ? "1" : "0"),
                "ElementName": .text(title), "EnabledState": .text("2"), "HealthState": .text("0"),
                "InstanceID": .text("Intel(r) AMT: RecordLog 1"), "LogState": .text("4"),
                "MaxNumberOfRecords": .text("1"), "Name": .text(title), "OverwritePolicy": .text("2"),
                "RequestedState": .text("12"),
            ])
        ]
    }
}
