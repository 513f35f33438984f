/// The firmware's side of a session on the port forwarding client, without I/O: what came goes in, what to do comes out.
///
/// The firmware says its version, asks the host for the port forwarding service, then to have its ports forwarded; after
/// that the host opens channels to them, eight at most. What breaks the order ends the session with DISCONNECT.
/// Source: host reference 4.
struct APFSession: Sendable {
    enum Event: Hashable, Sendable {
        case send([UInt8])
        /// The host opened a channel to a port, as a client opens a connection.
        case open(channel: UInt32, port: UInt32)
        case data(channel: UInt32, [UInt8])
        /// The host wants no more of it.
        case closed(channel: UInt32)
        /// Nothing more goes until the host connects anew.
        case over
    }

    /// What sources disagree on, as the personality has it.
    struct Manners: Hashable, Sendable {
        var greetsFirst = true
        var logIn = Personality.HostLogIn.none
        var saysStaleCloses = false
        var dropsWithChannel = false
    }

    private enum Phase: Sendable {
        case versions, authService, userAuth, forwardingService, forwarding, over
    }

    static let channels: UInt32 = 8
    /// What we take before we say that there is room again, which we say at once.
    static let window: UInt32 = 4096
    private static let authentication = "auth@amt.intel.com"
    private static let forwarding = "pfwd@amt.intel.com"

    private let uuid: [UInt8]
    private let longestData: Int
    private let manners: Manners
    private var phase = Phase.versions
    private var name: String
    private var ports: [UInt32]
    /// Forwards that were asked for, whether or not they were answered.
    private var forwarded: [(name: String, port: UInt32)] = []
    private var open: [UInt32: APFChannel] = [:]

    /// - Parameters:
    ///   - uuid: In SMBIOS byte order.
    ///   - name: The firmware's own name, which its forwards carry; empty where it has none.
    ///   - ports: What to have forwarded.
    ///   - longestMessage: What the client takes.
    ///   - manners: What sources disagree on.
    init(uuid: [UInt8], name: String, ports: [UInt32], longestMessage: Int, manners: Manners) {
        self.uuid = uuid
        self.name = name
        self.ports = ports
        longestData = longestMessage - 9
        self.manners = manners
    }

    /// The host has connected.
    mutating func begin() -> [Event] {
        // 254: neither a person, an alert nor a timer asked for it.
        manners.greetsFirst ? [.send(APFBytes.protocolVersion(trigger: 254, uuid: uuid))] : []
    }

    /// Takes one message of the host's.
    mutating func receive(_ message: [UInt8]) -> [Event] {
        guard phase != .over else { return [] }
        guard let kind = message.first.flatMap({ APFBytes.Kind(rawValue: $0) }) else { return [] }
        var reader = APFBytes.Reader(message.dropFirst())
        switch kind {
        case .protocolVersion: return version(&reader)
        case .serviceAccept: return accepted(&reader)
        case .userAuthSuccess: return phase == .userAuth ? askForForwarding() : breach()
        case .userAuthFailure: return breach(reason: 14)
        case .requestSuccess, .requestFailure: return []
        case .disconnect:
            phase = .over
            return open.keys.sorted().map { .closed(channel: $0) } + [.over]
        case .channelOpen: return openChannel(&reader)
        case .channelData: return data(&reader)
        case .windowAdjust: return adjust(&reader)
        case .channelClose: return close(&reader)
        case .keepAliveRequest: return [.send(APFBytes.message(.keepAliveReply, reader.left))]
        case .keepAliveOptionsRequest: return [.send(APFBytes.message(.keepAliveOptionsReply, reader.left))]
        case .serviceRequest, .userAuthRequest, .channelOpenConfirmation, .channelOpenFailure, .globalRequest,
            .keepAliveReply, .keepAliveOptionsReply:
            return []
        }
    }

    /// The service behind a channel has something for the host.
    mutating func answer(_ bytes: [UInt8], on channel: UInt32) -> [Event] {
        open[channel]?.queue(bytes)
        return flush(channel)
    }

    /// The service behind a channel has closed its connection.
    mutating func end(_ channel: UInt32) -> [Event] {
        open[channel]?.end()
        return flush(channel)
    }

    /// Closes though the host made no room for what it has: some do so only for more than they got.
    mutating func insist(_ channel: UInt32) -> [Event] {
        guard let close = open[channel]?.close() else { return [] }
        return [.send(close)]
    }

    /// Name or ports may be others now: the forwards that do not fit are taken back, and what is missing is asked for.
    mutating func renew(name: String, ports: [UInt32]) -> [Event] {
        (self.name, self.ports) = (name, ports)
        guard phase == .forwarding else { return [] }
        var events: [Event] = []
        for old in forwarded where old.name != name || !ports.contains(old.port) {
            events.append(.send(Self.request("cancel-tcpip-forward", old.name, old.port)))
        }
        forwarded.removeAll { $0.name != name || !ports.contains($0.port) }
        return events + forward()
    }

    // MARK: the beginning

    private mutating func version(_ reader: inout APFBytes.Reader) -> [Event] {
        guard let major = reader.word(), reader.word() != nil, let trigger = reader.word(), reader.left.count >= 80
        else { return breach() }
        guard major == 1 else { return breach(reason: 8) }
        // LMS and rpc-go answer ours with another one.
        guard phase == .versions else { return [] }
        let greeting: [Event] =
            manners.greetsFirst ? [] : [.send(APFBytes.protocolVersion(trigger: trigger, uuid: uuid))]
        guard manners.logIn == .none else {
            phase = .authService
            return greeting + [.send(APFBytes.message(.serviceRequest, APFBytes.text(Self.authentication)))]
        }
        return greeting + askForForwarding()
    }

    private mutating func askForForwarding() -> [Event] {
        phase = .forwardingService
        return [.send(APFBytes.message(.serviceRequest, APFBytes.text(Self.forwarding)))]
    }

    private mutating func accepted(_ reader: inout APFBytes.Reader) -> [Event] {
        switch (phase, reader.text()) {
        case (.authService, Self.authentication):
            guard manners.logIn == .user else { return askForForwarding() }
            phase = .userAuth
            let fields = APFBytes.text("") + APFBytes.text(Self.forwarding) + APFBytes.text("none")
            return [.send(APFBytes.message(.userAuthRequest, fields))]
        case (.forwardingService, Self.forwarding):
            phase = .forwarding
            return forward()
        default: return breach()
        }
    }

    private mutating func forward() -> [Event] {
        let missing = ports.filter { port in !forwarded.contains { $0.port == port } }
        forwarded += missing.map { (name, $0) }
        let requests: [Event] = missing.map { .send(Self.request("tcpip-forward", name, $0)) }
        return requests + staleClose
    }

    private static func request(_ what: String, _ name: String, _ port: UInt32) -> [UInt8] {
        APFBytes.message(.globalRequest, APFBytes.text(what), [1], APFBytes.text(name), APFBytes.word(port))
    }

    private var staleClose: [Event] {
        manners.saysStaleCloses ? [.send(APFBytes.message(.channelClose, APFBytes.word(0)))] : []
    }

    /// The host did what the protocol does not allow.
    private mutating func breach(reason: UInt32 = 2) -> [Event] {
        phase = .over
        let closed = open.keys.sorted().map { Event.closed(channel: $0) }
        open = [:]
        return closed + [.send(APFBytes.message(.disconnect, APFBytes.word(reason), [0, 0])), .over]
    }

    // MARK: channels

    private mutating func openChannel(_ reader: inout APFBytes.Reader) -> [Event] {
        guard phase == .forwarding, let type = reader.text(), let sender = reader.word(), let window = reader.word(),
            reader.word() != nil, reader.text() != nil, let port = reader.word(), reader.text() != nil,
            reader.word() != nil
        else { return breach() }
        func refused(_ reason: UInt32) -> [Event] {
            let fields = APFBytes.word(sender) + APFBytes.word(reason) + [UInt8](repeating: 0, count: 8)
            return [.send(APFBytes.message(.channelOpenFailure, fields))]
        }
        guard type == "forwarded-tcpip" else { return refused(3) }
        guard ports.contains(port) else { return refused(1) }
        guard let free = (0..<Self.channels).first(where: { open[$0] == nil }) else { return refused(4) }
        open[free] = APFChannel(host: sender, window: window)
        let fields = [sender, free, Self.window, .max].flatMap(APFBytes.word)
        return staleClose
            + [.send(APFBytes.message(.channelOpenConfirmation, fields)), .open(channel: free, port: port)]
    }

    /// Takes what came, more than the window too, and says at once that there is room again.
    private mutating func data(_ reader: inout APFBytes.Reader) -> [Event] {
        guard let number = reader.word(), let count = reader.word(), reader.left.count >= count else {
            return breach()
        }
        // A channel that closed while this was on its way.
        guard let channel = open[number], !channel.isClosing else { return [] }
        let room = APFBytes.message(.windowAdjust, APFBytes.word(channel.host), APFBytes.word(count))
        return [.send(room), .data(channel: number, Array(reader.left.prefix(Int(count))))]
    }

    private mutating func adjust(_ reader: inout APFBytes.Reader) -> [Event] {
        guard let number = reader.word(), let count = reader.word() else { return breach() }
        open[number]?.makeRoom(count)
        return flush(number)
    }

    private mutating func close(_ reader: inout APFBytes.Reader) -> [Event] {
        guard let number = reader.word() else { return breach() }
        guard var channel = open.removeValue(forKey: number) else { return [] }
        var events: [Event] = channel.close().map { [.send($0)] } ?? []
        events.append(.closed(channel: number))
        if manners.dropsWithChannel {
            phase = .over
            events += open.keys.sorted().map { .closed(channel: $0) } + [.over]
            open = [:]
        }
        return events
    }

    private mutating func flush(_ channel: UInt32) -> [Event] {
        (open[channel]?.next(longest: longestData) ?? []).map { .send($0) }
    }
}
