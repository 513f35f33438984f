import Foundation
package import NIOCore
import NIOPosix
import Synchronization

/// Many simulated devices in one process.
///
/// Each listens on its own address, as long as there are descriptors for that. Of more of them one listener a port serves
/// all: the address that a connection came to tells which device it is for.
package final class Fleet: Sendable {
    /// Its devices, by their numbers from 0.
    let devices: [FirmwareHost]
    private let sides: [NetworkSide]
    private let places: Mutex<[String: Int]>
    private let listeners = Mutex<[any Channel]>([])
    private let group: any EventLoopGroup
    private let say: @Sendable (String) -> Void

    package init(
        _ plan: FleetPlan, group: any EventLoopGroup, say: @escaping @Sendable (String) -> Void
    ) throws {
        let made = try plan.devices(say: say)
        devices = made.map(\.host)
        self.group = group
        self.say = say
        sides = made.map { NetworkSide($0.host, group: group, say: { _ in }) }
        places = Mutex(Dictionary(uniqueKeysWithValues: made.enumerated().map { ($1.address, $0) }))
        for side in sides { side.watch() }
    }

    /// What each device is to the host it sits in.
    func hostSides() -> [HostSide] {
        zip(devices, sides).map { HostSide($0, $1, loop: group.next()) }
    }

    /// More would take more memory for what listens than for the devices.
    private static let mostThatListenThemselves = 2000
    /// Of each device that listens itself.
    private static let portsEach = 5

    /// Whether there are descriptors enough.
    private func listenThemselves(_ descriptors: Int) -> Bool {
        devices.count <= Self.mostThatListenThemselves && devices.count * Self.portsEach + 2000 <= descriptors
    }

    private let offset = Mutex<Int?>(nil)

    /// Opens the ports; those below 1024 only where that is allowed.
    ///
    /// - Throws: ``SimulationFault`` that names the port.
    package func start(portOffset: Int, descriptors: Int) async throws {
        guard listenThemselves(descriptors) else { return try await startTogether(portOffset: portOffset) }
        offset.withLock { $0 = portOffset }
        for (number, side) in sides.enumerated() {
            // What is said of one holds for all.
            try await side.listen(offset: portOffset, say: number == 0 ? say : { _ in })
        }
        if sides.count > 1 { say("and so on, each of \(sides.count) devices on its own address") }
    }

    private func startTogether(portOffset: Int) async throws {
        for (port, tls) in [(16993, true), (16992, false), (664, true), (623, false)] {
            let port = port + portOffset
            guard let descriptor = try LoopbackListener.open(port: port) else {
                say("port \(port) is left out: this user may not listen below 1024")
                continue
            }
            let channel = try await ServerBootstrap(group: group)
                .childChannelInitializer { [self] channel in
                    guard let address = channel.localAddress?.ipAddress,
                        let place = places.withLock({ $0[address] })
                    else { return channel.close() }
                    return sides[place].adopt(channel, tls: tls)
                }
                .withBoundSocket(descriptor).get()
            listeners.withLock { $0.append(channel) }
            say("listening on port \(port) of the interface lo\(tls ? " (TLS)" : "")")
        }
        try await startPresence(portOffset: portOffset)
    }

    /// Opens UDP port 623, where presence is asked for, or says that this user may not have it.
    private func startPresence(portOffset: Int) async throws {
        let port = 623 + portOffset
        let channel = try await FleetPresence.open(port: port, group: group) { [self] address in
            places.withLock { $0[address] }.map { devices[$0] }
        }
        guard let channel else { return say("port \(port) (UDP) is left out: this user may not listen below 1024") }
        listeners.withLock { $0.append(channel) }
        say("listening on port \(port) of the interface lo (UDP)")
    }

    package func stop() async {
        // What cannot be closed is closed already.
        for channel in listeners.withLock({ $0 }) { try? await channel.close() }
        for side in sides { await side.stop() }
    }

    /// A device by its number, its address or its UUID as printed.
    func device(_ name: String) -> FirmwareHost? {
        if let number = Int(name) { return devices.indices.contains(number) ? devices[number] : nil }
        if let place = places.withLock({ $0[name] }) { return devices[place] }
        let wanted = name.lowercased()
        return devices.first { $0.with { printed($0.firmware.uuid) } == wanted }
    }

    /// Follows a device to its new address.
    ///
    /// - Returns: `false` when another device has it.
    /// - Throws: ``SimulationFault`` when somebody else listens there; the device then stays where it was.
    func move(_ host: FirmwareHost, from old: String, to new: String) async throws -> Bool {
        guard let place = devices.firstIndex(where: { $0 === host }),
            places.withLock({ $0[new] == nil })
        else { return false }
        if let offset = offset.withLock({ $0 }) { try await sides[place].listen(offset: offset, say: { _ in }) }
        places.withLock { places in
            places[old] = nil
            places[new] = place
        }
        return true
    }
}

/// A UUID of SMBIOS byte order as people write it.
func printed(_ uuid: [UInt8]) -> String {
    let b = uuid
    guard b.count == 16 else { return "" }
    let text = ([b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]] + b[8...]).hexadecimal
    var parts: [Substring] = []
    var rest = text[...]
    for length in [8, 4, 4, 4, 12] {
        parts.append(rest.prefix(length))
        rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
}
