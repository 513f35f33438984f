/// The machine's case, as clients recorded it: who made it, which model and number.
enum CIM_Chassis: FirmwareClass {
    static let name = "CIM_Chassis"
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        [
            instance([
                "ChassisPackageType": .text("0"), "CreationClassName": .text(name),
                "ElementName": .text("Managed System Chassis"), "Manufacturer": .text("Namesake"),
                "Model": .text("Simulated AMT \(firmware.personality.name)"), "OperationalStatus": .text("0"),
                "PackageType": .text("3"), "SerialNumber": .text("\(firmware.uuid.suffix(4).hexadecimal)"),
                "Tag": .text(name), "Version": .text("1"),
            ])
        ]
    }
}

/// Two systems: the machine, and the firmware, which its services name as theirs.
///
/// Keys and names are documented; that no more is told is chosen.
enum CIM_ComputerSystem: FirmwareClass {
    static let name = "CIM_ComputerSystem"
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        [("ManagedSystem", "Managed System"), ("Intel(r) AMT", "Intel(r) AMT Subsystem")].map { key, title in
            let isOn = key != "ManagedSystem" || firmware.machine.powerState == 2
            return instance([
                "CreationClassName": .text(name), "ElementName": .text(title), "EnabledState": .text(isOn ? "2" : "3"),
                "Name": .text(key), "RequestedState": .text("12"),
            ])
        }
    }
}
