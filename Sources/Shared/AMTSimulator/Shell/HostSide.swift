import Glibc
package import SimulatedMEI
import Synchronization

/// The firmware's clients as the MEI device offers them.
package final class HostSide: MEIFirmware {
    private let host: FirmwareHost
    private let forwarder: LocalForwarder
    private let counter = Atomic<UInt64>(0)

    // GUIDs as the ioctl carries them. Source: host reference 1.3.

    /// AMTHI, 12F80028-B4B7-4B2D-ACA8-46E0FF65814C.
    private static let hostInterface: [UInt8] = [
        0x28, 0x00, 0xF8, 0x12, 0xB7, 0xB4, 0x2D, 0x4B, 0xAC, 0xA8, 0x46, 0xE0, 0xFF, 0x65, 0x81, 0x4C,
    ]
    /// LME, 6733A4DB-0476-4E7B-B3AF-BCFC29BEE7A7.
    private static let portForwarding: [UInt8] = [
        0xDB, 0xA4, 0x33, 0x67, 0x76, 0x04, 0x7B, 0x4E, 0xB3, 0xAF, 0xBC, 0xFC, 0x29, 0xBE, 0xE7, 0xA7,
    ]
    /// The watchdog, 05B79A6F-4628-4D7F-899D-A91514CB32AB.
    private static let watchdog: [UInt8] = [
        0x6F, 0x9A, 0xB7, 0x05, 0x28, 0x46, 0x7F, 0x4D, 0x89, 0x9D, 0xA9, 0x15, 0x14, 0xCB, 0x32, 0xAB,
    ]

    package init(_ host: FirmwareHost, network: NetworkSide) {
        self.host = host
        forwarder = LocalForwarder(network)
    }

    package func connect(_ client: [UInt8]) -> MEIConnectAnswer {
        let (isBusy, firmware) = host.with { state in
            defer { state.deviceBusy = max(0, state.deviceBusy - 1) }
            return (state.deviceBusy > 0, state.firmware)
        }
        guard client == Self.watchdog || !firmware.isDisabled else { return .refused(errno: ENOTTY) }
        guard [Self.hostInterface, Self.portForwarding, Self.watchdog].contains(client) else {
            return .refused(errno: ENOTTY)
        }
        guard !isBusy else { return .refused(errno: EBUSY) }
        let connection = MEIConnection(client: client, number: counter.add(1, ordering: .relaxed).newValue)
        guard client == Self.portForwarding else {
            return .accepted(
                connection, longestMessage: firmware.personality.hostInterfaceLimit, protocolVersion: 1)
        }
        let session = PortForwarding(
            name: firmware.ownFQDN, ports: firmware.forwardedPorts, longestMessage: Int(Self.longestForwarded))
        // Up to AMT 10 the client has room for one (MeshAgent).
        guard forwarder.begin(session, on: connection, alone: firmware.personality.release < 11) else {
            return .refused(errno: EBUSY)
        }
        return .accepted(connection, longestMessage: Self.longestForwarded, protocolVersion: 4)
    }

    private static let longestForwarded: UInt32 = 8192

    package func receive(_ message: [UInt8], from connection: MEIConnection) -> [[UInt8]] {
        switch connection.client {
        case Self.portForwarding:
            forwarder.receive(message, from: connection)
            return []
        case Self.watchdog:
            // IsChangeToAMTEnabled is all that is known here.
            return message == [5, 2, 0x51, 0x10] ? [[host.with { $0.firmware.manageability }]] : []
        default: return host.hostInterface(message)
        }
    }

    /// Called when a test lets the ME reset.
    package func onVanish(_ body: @escaping @Sendable () -> Void) { host.onVanish(body) }

    /// How messages that no request asked for get to the host.
    package func onPush(_ body: @escaping @Sendable ([UInt8], MEIConnection) -> Void) { forwarder.onPush(body) }

    package func closed(_ connection: MEIConnection) { forwarder.closed(connection) }
}
