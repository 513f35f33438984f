import Foundation
import LibXML

enum AMT_TimeSynchronizationService: FirmwareClass {
    static let name = "AMT_TimeSynchronizationService"
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var properties = serviceProperties(name, "Intel(r) AMT Time Synchronization Service")
        properties["LocalTimeSyncEnabled"] = .text("0")
        properties["TimeSource"] = .text(firmware.hasClock ? "1" : "0")
        return [instance(properties)]
    }

    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        switch method {
        case "GetLowAccuracyTimeSynch":
            return MethodAnswer(outputs: [("Ta0", .number(UInt32(max(0, firmware.clock))))], status: 0)
        case "SetHighAccuracyTimeSynch":
            let times = ["Ta0", "Tm1", "Tm2"].map { Double(input[$0]?.text ?? "") ?? 0 }
            // Both of ours must lie after 2004-01-01.
            guard times[0] > 0, times[1] > 1_072_915_200, times[2] > 1_072_915_200 else { return .status(36) }
            firmware.hasClock = true
            firmware.clockOffset = (times[1] + times[2]) / 2 - firmware.now
            return .status(0)
        default: throw .actionNotSupported
        }
    }
}

enum CIM_SoftwareIdentity: FirmwareClass {
    static let name = "CIM_SoftwareIdentity"
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        let core = (name: "AMT FW Core Version", value: firmware.personality.version)
        return (firmware.codeVersions + [core]).map { entry in
            instance([
                "InstanceID": .text(entry.name), "IsEntity": .text("true"), "VersionString": .text(entry.value),
            ])
        }
    }
}

enum CIM_ComputerSystemPackage: FirmwareClass {
    static let name = "CIM_ComputerSystemPackage"

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        [
            instance([
                "Antecedent": .reference(
                    resource: Namespace.ofClass("CIM_Chassis"),
                    selectors: ["CreationClassName": "CIM_Chassis", "Tag": "CIM_Chassis"]),
                "Dependent": .reference(
                    resource: Namespace.ofClass("CIM_ComputerSystem"),
                    selectors: ["CreationClassName": "CIM_ComputerSystem", "Name": "ManagedSystem"]),
                "PlatformGUID": .text(firmware.uuid.hexadecimal.uppercased()),
            ])
        ]
    }
}
