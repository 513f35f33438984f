/// The firmware's end of a session on the LME client: APF, by which the host's programs reach the firmware's ports.
///
/// Pure: messages and what local services say go in, effects come out. Big-endian throughout. One message of the client
/// is one of APF's. Source: host reference 4.1 to 4.4.
package struct PortForwarding: Sendable {
    package enum Effect: Hashable, Sendable {
        case say([UInt8])
        /// A connection to one of the ports is wanted; its number here.
        case open(channel: UInt32, port: UInt32)
        case data(channel: UInt32, [UInt8])
        case close(channel: UInt32)
    }

    private struct Channel: Sendable {
        var host: UInt32
        /// What the host takes now.
        var room: Int
        var waiting: [UInt8] = []
        /// The service has said all: the channel closes behind what waits.
        var isEnding = false
    }

    /// What the firmware takes on a channel before it says that there is room again.
    static let window: UInt32 = 4096
    /// The firmware has eight channels and no more.
    static let mostChannels = 8

    private let name: String
    private let ports: [UInt32]
    private let longestData: Int
    private var hasStarted = false
    private var channels: [UInt32: Channel] = [:]

    /// - Parameters:
    ///   - name: The firmware's own, by which it asks for ports to be forwarded.
    ///   - ports: What it wants forwarded, in its order.
    ///   - longestMessage: What the client carries in one message.
    package init(name: String, ports: [UInt32], longestMessage: Int) {
        self.name = name
        self.ports = ports
        longestData = longestMessage - 9
    }

    /// Takes one message of the host's.
    package mutating func receive(_ message: [UInt8]) -> [Effect] {
        var reader = APFBytes(message.dropFirst())
        switch message.first {
        case 192:
            // A close of channel 0 comes at any time (rpc-go, MeshAgent): clients have to pass it over.
            return [
                .say([192] + APFBytes.word(1) + APFBytes.word(0) + message.dropFirst(9)),
                .say([97] + APFBytes.word(0)), .say([5] + APFBytes.text("auth@amt.intel.com")),
            ]
        case 6:
            switch reader.text() {
            case "auth@amt.intel.com": return [.say([5] + APFBytes.text("pfwd@amt.intel.com"))]
            case "pfwd@amt.intel.com" where !hasStarted:
                hasStarted = true
                return ports.map {
                    .say([80] + APFBytes.text("tcpip-forward") + [1] + APFBytes.text(name) + APFBytes.word($0))
                }
            default: return []
            }
        case 90: return open(&reader)
        case 93:
            guard let number = reader.word(), let more = reader.word() else { return [] }
            channels[number]?.room += Int(more)
            return flush(number)
        case 94:
            guard let number = reader.word(), let count = reader.word(), let channel = channels[number] else {
                return []
            }
            let data = reader.rest(Int(count))
            return [
                .data(channel: number, data),
                .say([93] + APFBytes.word(channel.host) + APFBytes.word(UInt32(data.count))),
            ]
        case 97:
            guard let number = reader.word(), let channel = channels.removeValue(forKey: number) else { return [] }
            return [.say([97] + APFBytes.word(channel.host)), .close(channel: number)]
        default: return []
        }
    }

    private mutating func open(_ reader: inout APFBytes) -> [Effect] {
        let kind = reader.text()
        guard let host = reader.word(), let room = reader.word(), reader.word() != nil, reader.text() != nil,
            let port = reader.word()
        else { return [] }
        func refused(_ reason: UInt32) -> [Effect] {
            [.say([92] + APFBytes.word(host) + APFBytes.word(reason) + APFBytes.word(0) + APFBytes.word(0))]
        }
        guard kind == "forwarded-tcpip" else { return refused(3) }
        guard hasStarted, ports.contains(port) else { return refused(2) }
        guard let free = (0..<UInt32(Self.mostChannels)).first(where: { channels[$0] == nil }) else {
            return refused(4)
        }
        channels[free] = Channel(host: host, room: Int(room))
        return [
            .say(
                [91] + APFBytes.word(host) + APFBytes.word(free) + APFBytes.word(Self.window) + APFBytes.word(.max)),
            .open(channel: free, port: port),
        ]
    }

    /// A local service says something on a channel.
    package mutating func send(_ bytes: [UInt8], on number: UInt32) -> [Effect] {
        channels[number]?.waiting += bytes
        return flush(number)
    }

    /// A local service has closed a channel.
    package mutating func end(_ number: UInt32) -> [Effect] {
        channels[number]?.isEnding = true
        return flush(number)
    }

    /// As much as the host takes; then the close, if it is time.
    private mutating func flush(_ number: UInt32) -> [Effect] {
        guard var channel = channels[number] else { return [] }
        var effects: [Effect] = []
        while channel.room > 0, !channel.waiting.isEmpty {
            let part = Array(channel.waiting.prefix(min(channel.room, longestData)))
            channel.waiting.removeFirst(part.count)
            channel.room -= part.count
            effects.append(.say([94] + APFBytes.word(channel.host) + APFBytes.word(UInt32(part.count)) + part))
        }
        channels[number] = channel
        if channel.isEnding, channel.waiting.isEmpty {
            effects.append(.say([97] + APFBytes.word(channel.host)))
            channels[number] = nil
        }
        return effects
    }
}

/// Reads and writes the fields of APF.
struct APFBytes {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    mutating func word() -> UInt32? {
        guard bytes.count >= 4 else { return nil }
        defer { bytes = bytes.dropFirst(4) }
        return bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func text() -> String? {
        guard let count = word(), bytes.count >= Int(count) else { return nil }
        return String(decoding: rest(Int(count)), as: UTF8.self)
    }

    mutating func rest(_ count: Int) -> [UInt8] {
        defer { bytes = bytes.dropFirst(count) }
        return Array(bytes.prefix(count))
    }

    static func word(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - $0 * 8)) }
    }

    static func text(_ text: String) -> [UInt8] { word(UInt32(text.utf8.count)) + Array(text.utf8) }
}
