import AgentTestKit
import Glibc
import SimulatedMEI
import Synchronization

/// A ``PlainFirmware`` behind a device node, with the same mishaps on demand as ``SocketFirmware``.
final class NodeFirmware: MEIFirmware {
    private struct State: Sendable {
        var firmware: PlainFirmware
        var connecting: [Int32]
        var connections = 0
        var messages = 0
        var node: DeviceNode?
        var folder: TemporaryFolder?
        var clients: [[UInt8]] = []
    }

    private let state: Mutex<State>
    private let script: SocketFirmware.Script
    private let longestMessage: UInt32

    init(
        _ firmware: PlainFirmware, connecting: [Int32], longestMessage: UInt32 = 5120,
        script: @escaping SocketFirmware.Script
    ) {
        state = Mutex(State(firmware: firmware, connecting: connecting))
        self.script = script
        self.longestMessage = longestMessage
    }

    var firmware: PlainFirmware { state.withLock { $0.firmware } }
    var connections: Int { state.withLock { $0.connections } }
    /// The GUIDs asked for, as they came.
    var clients: [[UInt8]] { state.withLock { $0.clients } }

    /// Makes the node.
    ///
    /// - Returns: The value of `--device`.
    func mount(in folder: TemporaryFolder) throws -> String {
        let directory = folder.path + "/dev"
        guard mkdir(directory, 0o700) == 0 else { throw Trouble("mkdir: \(errno)") }
        let node = try DeviceNode(directory: directory, firmware: self)
        state.withLock { ($0.node, $0.folder) = (node, folder) }
        return node.path
    }

    func unmount() {
        // The folder goes after the mount.
        let (node, folder) = state.withLock { state in
            defer { (state.node, state.folder) = (nil, nil) }
            return (state.node, state.folder)
        }
        withExtendedLifetime(folder) { node?.stop() }
    }

    func connect(_ client: [UInt8]) -> MEIConnectAnswer {
        state.withLock { state in
            state.connections += 1
            state.clients.append(client)
            let outcome = state.connecting.isEmpty ? 0 : state.connecting.removeFirst()
            guard outcome == 0 else { return .refused(errno: outcome) }
            let connection = MEIConnection(client: client, number: UInt64(state.connections))
            return .accepted(connection, longestMessage: longestMessage, protocolVersion: 1)
        }
    }

    func receive(_ message: [UInt8], from connection: MEIConnection) -> [[UInt8]] {
        let (reaction, node) = state.withLock { state -> (SocketFirmware.Reaction, DeviceNode?) in
            state.messages += 1
            let reaction = script(state.messages, message, &state.firmware)
            return (reaction ?? .message(state.firmware.answer(message)), state.node)
        }
        switch reaction {
        case .message(let answer): return [answer]
        case .silence: return []
        case .hangUp:
            node?.vanish()
            return []
        }
    }

    func closed(_ connection: MEIConnection) {}
}
