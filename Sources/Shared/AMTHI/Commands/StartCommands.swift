package import Vocabulary

/// Opens the firmware's set-up interface: it sends hellos to its provisioning server for some hours; since AMT 6.0.
///
/// Request: IPv6Enable, a boolean. Answer: the status alone; NOT_READY (2), RNG_NOT_READY (0x30) and
/// CERTIFICATE_NOT_READY (0x31) mean that it prepares itself. Source: `CFG_StartConfigurationEx` of the Intel AMT SDK.
package struct StartConfigurationEx: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_0062
    package static let changesFirmware = true
    package var ipv6: Bool

    package init(ipv6: Bool) { self.ipv6 = ipv6 }

    package var payload: [UInt8] { littleEndian(UInt32(ipv6 ? 1 : 0)) }

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) { try nothing(data) }
}

/// The same on firmware before AMT 6.0.
package struct StartConfiguration: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_0029
    package static let changesFirmware = true
    package init() {}

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) { try nothing(data) }
}

/// Gives the firmware a password that its provisioning server knows too, for one set-up.
///
/// Request: counted text. Answer: the status alone. Not taken after provisioning.
/// Source: `CFG_SetProvisioningServerOTP` of the Intel AMT SDK.
package struct SetProvisioningServerOTP: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_002A
    package static let changesFirmware = true
    private let password: Secret

    /// - Returns: `nil` unless it has 8 to 32 bytes, as the property of the same name has.
    package init?(_ password: Secret) {
        guard (8...32).contains(password.reveal { $0.count }) else { return nil }
        self.password = password
    }

    package var payload: [UInt8] { password.reveal { littleEndian(UInt16($0.count)) + $0 } }

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) { try nothing(data) }
}

private func nothing(_ data: [UInt8]) throws(HostInterfaceFault) {
    guard data.isEmpty else { throw .answerUnreadable("it carries \(data.count) bytes of data, expected none") }
}
