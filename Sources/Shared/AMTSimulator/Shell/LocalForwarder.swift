import Foundation
import Glibc
import SimulatedMEI
import Synchronization

/// Carries what the host says on channels of port forwarding to the firmware's own ports, and back.
///
/// A channel is a pair of sockets: the network side serves one end, a thread reads the other.
final class LocalForwarder: Sendable {
    private struct Key: Hashable {
        var connection: UInt64
        var channel: UInt32
    }

    private struct State {
        var sessions: [UInt64: PortForwarding] = [:]
        var connections: [UInt64: MEIConnection] = [:]
        /// Our ends; the thread that reads one closes it.
        var ends: [Key: CInt] = [:]
        var push: (@Sendable ([UInt8], MEIConnection) -> Void)?
    }

    private let state = Mutex(State())
    private let network: NetworkSide

    init(_ network: NetworkSide) { self.network = network }

    func onPush(_ body: @escaping @Sendable ([UInt8], MEIConnection) -> Void) { state.withLock { $0.push = body } }

    /// - Returns: `false` when it has to be alone and is not.
    func begin(_ session: PortForwarding, on connection: MEIConnection, alone: Bool) -> Bool {
        state.withLock { state in
            guard !alone || state.sessions.isEmpty else { return false }
            state.sessions[connection.number] = session
            state.connections[connection.number] = connection
            return true
        }
    }

    func receive(_ message: [UInt8], from connection: MEIConnection) {
        change(connection.number) { $0.receive(message) }
    }

    func closed(_ connection: MEIConnection) {
        state.withLock { state in
            state.sessions[connection.number] = nil
            state.connections[connection.number] = nil
            for (key, end) in state.ends where key.connection == connection.number {
                shutdown(end, Int32(SHUT_RDWR))
                state.ends[key] = nil
            }
        }
    }

    /// Changes a session and does what follows, in order: messages leave before another change is made.
    private func change(_ number: UInt64, _ body: (inout PortForwarding) -> [PortForwarding.Effect]) {
        state.withLock { state in
            guard var session = state.sessions[number], let connection = state.connections[number] else { return }
            let effects = body(&session)
            state.sessions[number] = session
            for effect in effects {
                switch effect {
                case .say(let message): state.push?(message, connection)
                case .open(let channel, let port):
                    state.ends[Key(connection: number, channel: channel)] = open(port, number, channel)
                case .data(let channel, let bytes):
                    // A window is far smaller than a socket's buffer, so this does not wait.
                    if let end = state.ends[Key(connection: number, channel: channel)] {
                        _ = bytes.withUnsafeBytes { Glibc.send(end, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                    }
                case .close(let channel):
                    if let end = state.ends.removeValue(forKey: Key(connection: number, channel: channel)) {
                        shutdown(end, Int32(SHUT_RDWR))
                    }
                }
            }
        }
    }

    /// Makes a pair of sockets and reads our end of it until the other closes.
    private func open(_ port: UInt32, _ number: UInt64, _ channel: UInt32) -> CInt? {
        var pair: [CInt] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else { return nil }
        let (ours, theirs) = (pair[0], pair[1])
        network.serve(fromHost: theirs, tls: port == 16993 || port == 664)
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 16_384)
            while true {
                let count = recv(ours, &buffer, buffer.count, 0)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                let bytes = Array(buffer.prefix(count))
                change(number) { $0.send(bytes, on: channel) }
            }
            change(number) { $0.end(channel) }
            state.withLock { state in
                if state.ends[Key(connection: number, channel: channel)] == ours {
                    state.ends[Key(connection: number, channel: channel)] = nil
                }
            }
            close(ours)
        }
        return ours
    }
}
