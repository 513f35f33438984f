import Glibc
import SimulatedMEI
import Synchronization

/// A firmware with two clients that does what the first byte of a message says.
final class ScriptedFirmware: MEIFirmware {
    static let echo: [UInt8] = Array(0x10..<0x20)
    static let other: [UInt8] = Array(0x30..<0x40)
    /// A client that another program has, as LMS has LME.
    static let taken: [UInt8] = Array(0x50..<0x60)
    static let unknown: [UInt8] = Array(0x70..<0x80)
    static let longestMessage: UInt32 = 512

    /// What a message's first byte asks for; the rest is what comes back.
    enum Order: UInt8 {
        case answer = 1
        case silence = 2
        /// One answer for each byte of the rest.
        case many = 3
        case killProcess = 4
    }

    private struct State {
        var number: UInt64 = 0
        var connected: [MEIConnection] = []
        var received: [[UInt8]] = []
        var closed: [MEIConnection] = []
    }
    private let state = Mutex(State())

    var connected: [MEIConnection] { state.withLock { $0.connected } }
    var received: [[UInt8]] { state.withLock { $0.received } }
    var closed: [MEIConnection] { state.withLock { $0.closed } }

    func connect(_ client: [UInt8]) -> MEIConnectAnswer {
        switch client {
        case Self.echo, Self.other:
            let connection = state.withLock { state in
                state.number += 1
                state.connected.append(MEIConnection(client: client, number: state.number))
                return state.connected[state.connected.count - 1]
            }
            return .accepted(
                connection, longestMessage: Self.longestMessage, protocolVersion: client == Self.echo ? 4 : 1)
        case Self.taken: return .refused(errno: EBUSY)
        default: return .refused(errno: ENOTTY)
        }
    }

    func receive(_ message: [UInt8], from connection: MEIConnection) -> [[UInt8]] {
        state.withLock { $0.received.append(message) }
        let rest = Array(message.dropFirst())
        switch Order(rawValue: message[0]) {
        case .answer: return [rest]
        case .many: return rest.map { [$0] }
        case .killProcess:
            kill(getpid(), SIGKILL)
            return []
        case .silence, nil: return []
        }
    }

    func closed(_ connection: MEIConnection) { state.withLock { $0.closed.append(connection) } }
}

func answering(_ bytes: [UInt8]) -> [UInt8] { [ScriptedFirmware.Order.answer.rawValue] + bytes }
