import AgentTestKit
import Glibc
import SimulatedMEI
import Synchronization

/// A firmware with a host interface and a port forwarding client behind a device node, and a WS-Man service behind that.
///
/// Its bytes are written out from the layouts of Intel LMS, not by the room under test; the service demands digest, closes
/// after every answer, and cuts its answers into small messages as the granted window asks.
final class PortForwardingFirmware: MEIFirmware {
    private struct State: Sendable {
        var firmware = PlainFirmware()
        var window = 0
        var request: [UInt8] = []
        var answer: [UInt8] = []
        var sentEnd = false
        var authorizations: [String] = []
        var sessions = 0
        var node: DeviceNode?
        var folder: TemporaryFolder?
    }

    private static let forwarding: [UInt8] = [
        0xdb, 0xa4, 0x33, 0x67, 0x76, 0x04, 0x7b, 0x4e, 0xb3, 0xaf, 0xbc, 0xfc, 0x29, 0xbe, 0xe7, 0xa7,
    ]
    private let state = Mutex(State())
    private let ports: [UInt32]
    /// The body of the answer to a request that carries an account.
    private let document: @Sendable (_ request: String) -> [UInt8]
    /// What it grants at first: little, so that a request needs more than one message.
    private let grant: Int

    convenience init(ports: [UInt32], document: [UInt8], grant: Int = 300) {
        self.init(ports: ports, grant: grant) { _ in document }
    }

    init(ports: [UInt32], grant: Int = 300, document: @escaping @Sendable (_ request: String) -> [UInt8]) {
        self.ports = ports
        self.document = document
        self.grant = grant
    }

    var authorizations: [String] { state.withLock { $0.authorizations } }
    var sessions: Int { state.withLock { $0.sessions } }

    func mount(in folder: TemporaryFolder) throws -> String {
        let directory = folder.path + "/dev"
        guard mkdir(directory, 0o700) == 0 else { throw Trouble("mkdir: \(errno)") }
        let node = try DeviceNode(directory: directory, firmware: self)
        state.withLock { ($0.node, $0.folder) = (node, folder) }
        return node.path
    }

    func unmount() {
        let (node, folder) = state.withLock { state in
            defer { (state.node, state.folder) = (nil, nil) }
            return (state.node, state.folder)
        }
        withExtendedLifetime(folder) { node?.stop() }
    }

    func connect(_ client: [UInt8]) -> MEIConnectAnswer {
        state.withLock { state in
            state.sessions += client == Self.forwarding ? 1 : 0
            (state.window, state.request, state.answer, state.sentEnd) = (0, [], [], false)
            let connection = MEIConnection(client: client, number: UInt64(state.sessions))
            return .accepted(connection, longestMessage: client == Self.forwarding ? 8192 : 5120, protocolVersion: 4)
        }
    }

    func receive(_ message: [UInt8], from connection: MEIConnection) -> [[UInt8]] {
        state.withLock { state in
            connection.client == Self.forwarding ? forward(message, &state) : [state.firmware.answer(message)]
        }
    }

    func closed(_ connection: MEIConnection) {}

    private func forward(_ message: [UInt8], _ state: inout State) -> [[UInt8]] {
        switch message.first {
        case 192: return [message, [97, 0, 0, 0, 0], [5] + text("auth@amt.intel.com")]
        case 6:
            guard message == [6] + text("auth@amt.intel.com") else {
                return ports.map { [80] + text("tcpip-forward") + [1] + text("pc1.example.com") + word($0) }
            }
            return [[5] + text("pfwd@amt.intel.com")]
        case 90:
            // Behind the type, 15 characters: the sender's number, its window.
            state.window = Int(number(message, at: 24))
            return [[91] + Array(message[20..<24]) + word(5) + word(UInt32(grant)) + word(.max)]
        case 93:
            state.window += Int(number(message, at: 5))
            return give(&state)
        case 94:
            let data = message.dropFirst(9)
            state.request += data
            let room: [[UInt8]] = [[93] + word(2) + word(UInt32(data.count))]
            guard let answer = answer(&state) else { return room }
            state.answer = answer
            return room + give(&state)
        default: return []
        }
    }

    /// As much as there is room for, in messages of 512 bytes; then the close.
    private func give(_ state: inout State) -> [[UInt8]] {
        guard !state.answer.isEmpty else { return [] }
        var messages: [[UInt8]] = []
        while state.window > 0, !state.answer.isEmpty {
            let part = Array(state.answer.prefix(min(512, state.window)))
            state.answer.removeFirst(part.count)
            state.window -= part.count
            messages.append([94] + word(2) + word(UInt32(part.count)) + part)
        }
        if state.answer.isEmpty { messages.append([97] + word(2)) }
        return messages
    }

    private func answer(_ state: inout State) -> [UInt8]? {
        let request = String(decoding: state.request, as: UTF8.self)
        guard let end = request.firstRange(of: "\r\n\r\n"),
            let length = request.firstRange(of: "Content-Length: ").flatMap({
                Int(request[$0.upperBound...].prefix { $0.isNumber })
            }), request[end.upperBound...].utf8.count == length
        else { return nil }
        state.request = []
        guard let mark = request.firstRange(of: "Authorization: ") else {
            return Array(
                """
                HTTP/1.1 401 Unauthorized\r
                WWW-Authenticate: Digest realm="Digest:A4070000000000000000000000000000", nonce="wlbEK1EtAAAAAAAAWW5aUHFp+mQQ1j63",stale="false",qop="auth"\r
                Content-Type: text/html\r
                Content-Length: 2\r
                Connection: close\r
                \r
                no
                """.utf8)
        }
        state.authorizations.append(String(request[mark.upperBound...].prefix { $0 != "\r\n" }))
        // Firmware writes sizes of chunks with four digits.
        var chunks: [UInt8] = []
        let document = document(request)
        for start in stride(from: 0, to: document.count, by: 700) {
            let part = document[start..<min(start + 700, document.count)]
            let size = String(part.count, radix: 16, uppercase: true)
            chunks += Array((String(repeating: "0", count: 4 - size.count) + size + "\r\n").utf8) + part + [13, 10]
        }
        return Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8) + chunks + Array("0000\r\n\r\n".utf8)
    }

    private func text(_ text: String) -> [UInt8] { word(UInt32(text.utf8.count)) + Array(text.utf8) }
    private func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - $0 * 8)) } }
    private func number(_ bytes: [UInt8], at index: Int) -> UInt32 {
        bytes[index..<index + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
