/// The host's side of one APF session with one channel in it, without I/O: what came goes in, what to send comes out.
///
/// The host says its version; the firmware asks for two services and for its ports to be forwarded; then a channel to one
/// of them is opened and carries bytes both ways, each side no more than the other's window allows. It says and does
/// what Intel LMS does (`UNS/PortForwardingService/Protocol.cpp`), down to the order that it enforces. One channel is
/// enough: firmware may drop the whole session when a channel closes (rpc-go, `engine.go`), so a second one would need a
/// new session anyway.
package struct LMESession: Sendable {
    /// What to do or to know.
    package enum Event: Hashable, Sendable {
        case send([UInt8])
        /// A port may be opened now.
        case forwarded(port: UInt32)
        case opened
        case refused(reason: UInt32)
        case data([UInt8])
        /// The firmware takes no more and sends no more.
        case closed
        /// The session is over; why.
        case ended(String)
    }

    private enum Phase: Sendable {
        case versionSent, agreed, started, ended
    }

    private enum Channel: Hashable, Sendable {
        case none
        case opening
        case open(peer: UInt32)
        case closed
    }

    /// Our own number of the channel: not 0, which stale closes of the firmware name.
    package static let channelNumber: UInt32 = 2
    /// What we take before we say that there is room again.
    package static let window: UInt32 = 4096

    private var phase = Phase.versionSent
    private var channel = Channel.none
    /// How much the firmware takes now.
    private var room = 0
    private var waiting: [UInt8] = []
    private let longestData: Int

    /// The firmware's name, as its forwards say it; `nil` before the first one that is a name.
    package private(set) var firmwareName: String?
    package private(set) var ports: Set<UInt32> = []

    /// - Parameter longestMessage: What the LME client takes, in bytes.
    package init(longestMessage: Int) { longestData = max(longestMessage - APFMessage.dataHeader, 1) }

    /// The first message: version 1.0, trigger 254 (LME), as Intel LMS sends it.
    package var greeting: [UInt8] { APFMessage.protocolVersion(major: 1, minor: 0, trigger: 254).bytes }

    /// Whether all that was given to ``write(_:)`` is on its way.
    package var isFlushed: Bool { waiting.isEmpty }

    /// Opens the channel to a forwarded port.
    package mutating func open(port: UInt32) -> [Event] {
        channel = .opening
        return [
            .send(
                APFMessage.channelOpen(
                    .init(
                        type: "forwarded-tcpip", sender: Self.channelNumber, window: Self.window, address: "127.0.0.1",
                        port: port, originator: "127.0.0.1", originatorPort: 49152)
                ).bytes)
        ]
    }

    /// Sends bytes, as far as there is room; the rest follows when the firmware makes some.
    package mutating func write(_ bytes: [UInt8]) -> [Event] {
        waiting += bytes
        return flush()
    }

    package mutating func close() -> [Event] {
        guard case .open(let peer) = channel else { return [] }
        channel = .closed
        return [.send(APFMessage.channelClose(recipient: peer).bytes)]
    }

    /// Takes one message.
    ///
    /// - Throws: ``HostInterfaceFault/answerUnreadable(_:)``, after which nothing else makes sense.
    package mutating func receive(_ bytes: [UInt8]) throws(HostInterfaceFault) -> [Event] {
        guard phase != .ended else { return [] }
        switch try APFMessage(bytes) {
        case .disconnect(let reason): return end("the firmware ended the session (reason \(reason))")
        case .protocolVersion(let major, _, _):
            guard major == 1 else { return breach(reason: 8, "the firmware speaks APF \(major)") }
            if phase == .versionSent { phase = .agreed }
            return []
        case .serviceRequest(let service): return serve(service)
        case .userAuthRequest:
            guard phase != .versionSent else {
                return breach(reason: 2, "the firmware logs in before a version is agreed")
            }
            return [.send(APFMessage.userAuthSuccess.bytes)]
        case .tcpipForward(let address, let port): return forward(address, port)
        case .cancelTcpipForward(_, let port):
            ports.remove(port)
            return [.send(APFMessage.requestSuccess(port: nil).bytes)]
        case .otherGlobalRequest: return [.send(APFMessage.requestFailure.bytes)]
        case .channelOpen(let open):
            // Events for a listener on the host; there is none. 1: administratively prohibited.
            return [.send(APFMessage.channelOpenFailure(recipient: open.sender, reason: 1).bytes)]
        case .channelOpenConfirmation(let recipient, let sender, let window):
            guard recipient == Self.channelNumber, channel == .opening else { return [] }
            channel = .open(peer: sender)
            room = Int(window)
            return [.opened] + flush()
        case .channelOpenFailure(let recipient, let reason):
            guard recipient == Self.channelNumber, channel == .opening else { return [] }
            channel = .closed
            return [.refused(reason: reason)]
        case .windowAdjust(let recipient, let bytes):
            guard recipient == Self.channelNumber else { return [] }
            room = min(room + Int(bytes), 1 << 31)
            return flush()
        case .channelData(let recipient, let data):
            guard recipient == Self.channelNumber, case .open(let peer) = channel else { return [] }
            guard !data.isEmpty else { return [] }
            return [.data(data), .send(APFMessage.windowAdjust(recipient: peer, bytes: UInt32(data.count)).bytes)]
        case .channelClose(let recipient):
            // Closes of channel 0 and of channels long gone come at any time (rpc-go, MeshAgent).
            guard recipient == Self.channelNumber, case .open(let peer) = channel else { return [] }
            channel = .closed
            return [.send(APFMessage.channelClose(recipient: peer).bytes), .closed]
        case .keepAliveRequest(let cookie): return [.send(APFMessage.keepAliveReply(cookie: cookie).bytes)]
        case .serviceAccept, .userAuthSuccess, .requestSuccess, .requestFailure, .keepAliveReply, .unknown: return []
        }
    }

    private mutating func serve(_ service: String) -> [Event] {
        guard phase != .versionSent else {
            return breach(reason: 2, "the firmware asks for a service before a version is agreed")
        }
        switch service {
        case "auth@amt.intel.com": break
        case "pfwd@amt.intel.com": phase = .started
        default: return breach(reason: 7, "the firmware asks for an unknown service")
        }
        return [.send(APFMessage.serviceAccept(service).bytes)]
    }

    private mutating func forward(_ address: String, _ port: UInt32) -> [Event] {
        guard phase == .started else {
            return breach(reason: 2, "the firmware forwards a port before its service is started")
        }
        guard ports.insert(port).inserted else { return [.send(APFMessage.requestFailure.bytes)] }
        // 0.0.0.0 and :: mean a tunnel, not a name.
        if !["", "0.0.0.0", "::"].contains(address) { firmwareName = address }
        return [.send(APFMessage.requestSuccess(port: port).bytes), .forwarded(port: port)]
    }

    private mutating func flush() -> [Event] {
        guard case .open(let peer) = channel else { return [] }
        var events: [Event] = []
        while room > 0, !waiting.isEmpty {
            let part = Array(waiting.prefix(min(room, longestData)))
            waiting.removeFirst(part.count)
            room -= part.count
            events.append(.send(APFMessage.channelData(recipient: peer, data: part).bytes))
        }
        return events
    }

    private mutating func breach(reason: UInt32, _ why: String) -> [Event] {
        [.send(APFMessage.disconnect(reason: reason).bytes)] + end(why)
    }

    private mutating func end(_ why: String) -> [Event] {
        phase = .ended
        channel = .closed
        return [.ended(why)]
    }
}
