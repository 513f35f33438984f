import Glibc
package import SimulatedMEI
import Synchronization

/// The firmware's clients as the MEI device offers them.
package final class HostSide: MEIFirmware {
    private let host: FirmwareHost
    private let counter = Atomic<UInt64>(0)

    /// 12F80028-B4B7-4B2D-ACA8-46E0FF65814C as the ioctl carries it.
    ///
    /// Source: host reference 1.3.
    private static let hostInterface: [UInt8] = [
        0x28, 0x00, 0xF8, 0x12, 0xB7, 0xB4, 0x2D, 0x4B, 0xAC, 0xA8, 0x46, 0xE0, 0xFF, 0x65, 0x81, 0x4C,
    ]

    package init(_ host: FirmwareHost) { self.host = host }

    package func connect(_ client: [UInt8]) -> MEIConnectAnswer {
        guard client == Self.hostInterface else { return .refused(errno: ENOTTY) }
        let (isBusy, limit) = host.with { state in
            defer { state.deviceBusy = max(0, state.deviceBusy - 1) }
            return (state.deviceBusy > 0, state.firmware.personality.hostInterfaceLimit)
        }
        guard !isBusy else { return .refused(errno: EBUSY) }
        let number = counter.add(1, ordering: .relaxed).newValue
        return .accepted(MEIConnection(client: client, number: number), longestMessage: limit, protocolVersion: 1)
    }

    package func receive(_ message: [UInt8], from connection: MEIConnection) -> [[UInt8]] {
        host.hostInterface(message)
    }

    /// Called when a test lets the ME reset.
    package func onVanish(_ body: @escaping @Sendable () -> Void) { host.onVanish(body) }

    package func closed(_ connection: MEIConnection) {}
}
