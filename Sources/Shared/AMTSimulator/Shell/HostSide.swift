import Glibc
import NIOCore
package import SimulatedMEI
import Synchronization

/// The firmware's clients as the MEI device offers them.
package final class HostSide: MEIFirmware {
    private struct Peers: Sendable {
        var open: [MEIConnection: HostClient] = [:]
        var links: [MEIConnection: PortForwardingLink] = [:]
    }

    private let host: FirmwareHost
    private let network: NetworkSide
    private let loop: any EventLoop
    private let peers = Mutex(Peers())
    private let nodes = Mutex<[any SimulatedNode]>([])

    /// Shared by all devices of the process: their nodes tell connections apart by it.
    private static let counter = Atomic<UInt64>(0)

    init(_ host: FirmwareHost, _ network: NetworkSide, loop: any EventLoop) {
        self.host = host
        self.network = network
        self.loop = loop
        host.onRestart { [self] _ in renew() }
    }

    /// Says what it has to say unasked through a node, too.
    package func use(_ node: any SimulatedNode) { nodes.withLock { $0.append(node) } }

    package func opening() -> CInt { host.with { $0.hostFaults.resetEnds > $0.firmware.now } ? ENODEV : 0 }

    package func connect(_ guid: [UInt8]) -> MEIConnectAnswer {
        let (refusal, client, limit, most) = host.with { state -> (CInt, HostClient, UInt32, Int) in
            let personality = state.firmware.personality
            guard let client = HostClient(guid: guid), state.firmware.hostClients.contains(client) else {
                return (ENOTTY, .hostInterface, 0, 0)
            }
            let isBusy = state.hostFaults.busy > 0
            if isBusy { state.hostFaults.busy -= 1 }
            return (
                isBusy ? EBUSY : 0, client, client.longestMessage(personality), client.connections(personality)
            )
        }
        guard refusal == 0 else { return .refused(errno: refusal) }
        let number = Self.counter.add(1, ordering: .relaxed).newValue
        let connection = MEIConnection(client: guid, number: number)
        let isTaken = peers.withLock { peers in
            guard peers.open.values.count(where: { $0 == client }) < most else { return false }
            peers.open[connection] = client
            return true
        }
        guard isTaken else { return .refused(errno: EBUSY) }
        return .accepted(connection, longestMessage: limit, protocolVersion: client.protocolVersion)
    }

    package func opened(_ connection: MEIConnection) {
        guard peers.withLock({ $0.open[connection] }) == .portForwarding else { return }
        let session = host.with { state in
            APFSession(
                uuid: state.firmware.uuid, name: state.firmware.ownFQDN, ports: state.firmware.localPorts,
                longestMessage: Int(HostClient.portForwarding.longestMessage(state.firmware.personality)),
                manners: state.firmware.personality.portForwardingManners)
        }
        let link = PortForwardingLink(
            session, on: loop, network: network, push: { [self] in push($0, to: connection) },
            disconnect: { [self] in for node in nodes.withLock({ $0 }) { node.disconnect(connection) } })
        peers.withLock { $0.links[connection] = link }
        link.begin()
    }

    package func receive(_ message: [UInt8], from connection: MEIConnection) -> [[UInt8]] {
        let (client, link) = peers.withLock { ($0.open[connection], $0.links[connection]) }
        guard let client else { return [] }
        if let link {
            link.receive(message)
            return []
        }
        switch host.with({ $0.hostFaults.next(client) }) {
        case .answered: return host.answer(message, of: client)
        case .silent: return []
        case .empty: return [[]]
        case .status(let status): return SimulatedFirmware.refusal(of: message, status: status)
        case .late(let seconds):
            let answers = host.answer(message, of: client)
            loop.scheduleTask(in: .milliseconds(Int64(seconds * 1000))) { [self] in
                for answer in answers { push(answer, to: connection) }
            }
            return []
        }
    }

    package func closed(_ connection: MEIConnection) {
        let link = peers.withLock { peers in
            peers.open[connection] = nil
            return peers.links.removeValue(forKey: connection)
        }
        link?.stop()
    }

    /// Called when a test lets the ME reset.
    package func onVanish(_ body: @escaping @Sendable () -> Void) { host.onVanish(body) }

    private func push(_ message: [UInt8], to connection: MEIConnection) {
        for node in nodes.withLock({ $0 }) { node.push(message, to: connection) }
    }

    /// Forwards follow a commit.
    private func renew() {
        let (name, ports) = host.with { ($0.firmware.ownFQDN, $0.firmware.localPorts) }
        for link in peers.withLock({ Array($0.links.values) }) { link.renew(name: name, ports: ports) }
    }
}
