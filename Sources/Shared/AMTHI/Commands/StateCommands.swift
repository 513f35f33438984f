package import Vocabulary

/// How far the firmware is set up.
///
/// Answer: a word at 16. `CFG_GetProvisioningState` of the Intel AMT SDK.
package struct GetProvisioningState: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_0011
    package init() {}

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) -> ProvisioningState {
        ProvisioningState(rawValue: try oneWord(data))
    }
}

/// Whether the firmware is in client or admin control mode; since AMT 7.0.
///
/// Answer: a word at 16. Source: `CFG_GetControlMode` in Intel LMS and rpc-go.
package struct GetControlMode: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_006B
    package init() {}

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) -> ControlMode {
        ControlMode(rawValue: try oneWord(data))
    }
}

/// The machine's SMBIOS UUID.
///
/// Answer: sixteen bytes at 16, in SMBIOS order.
package struct GetUUID: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_005C
    package init() {}

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) -> MachineID {
        guard let machine = MachineID(smbios: data) else {
            throw .answerUnreadable("a UUID has 16 bytes, not \(data.count)")
        }
        return machine
    }
}

private func oneWord(_ data: [UInt8]) throws(HostInterfaceFault) -> UInt32 {
    guard data.count == 4 else { throw .answerUnreadable("it carries \(data.count) bytes of data, expected 4") }
    var reader = ByteReader(data)
    return try reader.word32()
}
