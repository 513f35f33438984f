import Glibc
import NIOCore
import NIOPosix

/// One host's connection to the port forwarding client: its session, and behind each channel a connection to the local ports.
///
/// Everything happens on one event loop, so that messages leave in the order in which the session made them.
final class PortForwardingLink: Sendable {
    /// What a channel leads to; the serial tells it from an earlier one of the same number.
    private struct Service {
        var serial: Int
        var channel: (any Channel)?
        /// What came before the connection stood.
        var waiting: [UInt8] = []
    }

    private struct State {
        var session: APFSession
        var services: [UInt32: Service] = [:]
        var serial = 0
    }

    private let loop: any EventLoop
    private let state: NIOLoopBoundBox<State>
    private let network: NetworkSide
    private let push: @Sendable ([UInt8]) -> Void
    private let disconnect: @Sendable () -> Void

    /// How long the close of a channel waits for a host that does not say that there is room again.
    private static let patience = TimeAmount.seconds(2)

    /// - Parameters:
    ///   - session: Not begun yet.
    ///   - loop: Where everything happens.
    ///   - network: Whose local ports the channels lead to.
    ///   - push: Sends the host a message.
    ///   - disconnect: Ends the host's connection to the client.
    init(
        _ session: APFSession, on loop: any EventLoop, network: NetworkSide,
        push: @escaping @Sendable ([UInt8]) -> Void, disconnect: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        state = .makeBoxSendingValue(State(session: session), as: State.self, eventLoop: loop)
        self.network = network
        self.push = push
        self.disconnect = disconnect
    }

    func begin() { loop.execute { self.perform(self.state.value.session.begin()) } }

    func receive(_ message: [UInt8]) { loop.execute { self.perform(self.state.value.session.receive(message)) } }

    func renew(name: String, ports: [UInt32]) {
        loop.execute { self.perform(self.state.value.session.renew(name: name, ports: ports)) }
    }

    /// The host is gone.
    func stop() {
        loop.execute {
            for number in self.state.value.services.keys { self.drop(number) }
        }
    }

    private func perform(_ events: [APFSession.Event]) {
        for event in events {
            switch event {
            case .send(let message): push(message)
            case .open(let number, let port): connect(number, port)
            case .data(let number, let bytes): write(bytes, number)
            case .closed(let number): drop(number)
            case .over: disconnect()
            }
        }
    }

    private func write(_ bytes: [UInt8], _ number: UInt32) {
        guard let channel = state.value.services[number]?.channel else {
            state.value.services[number]?.waiting += bytes
            return
        }
        channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: nil)
    }

    private func drop(_ number: UInt32) {
        state.value.services.removeValue(forKey: number)?.channel?.close(promise: nil)
    }

    /// Connects a channel to the local port by a pair of sockets: the firmware's end has no address that others could reach.
    private func connect(_ number: UInt32, _ port: UInt32) {
        state.value.serial += 1
        let serial = state.value.serial
        state.value.services[number] = Service(serial: serial)
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return end(number, serial) }
        let (inner, outer) = (ends[0], ends[1])
        ClientBootstrap(group: loop)
            .channelInitializer { [network] in network.adopt($0, tls: port == 16993 || port == 664, fromHost: true) }
            .withConnectedSocket(inner).whenFailure { _ in self.end(number, serial) }
        ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ServiceHandler(
                            take: { self.take($0, number, serial) }, end: { self.end(number, serial) }))
                }
            }
            .withConnectedSocket(outer).whenComplete { outcome in
                switch outcome {
                case .success(let channel): self.connected(channel, number, serial)
                case .failure: self.end(number, serial)
                }
            }
    }

    private func connected(_ channel: any Channel, _ number: UInt32, _ serial: Int) {
        guard let service = state.value.services[number], service.serial == serial else {
            return channel.close(promise: nil)
        }
        state.value.services[number]?.channel = channel
        state.value.services[number]?.waiting = []
        if !service.waiting.isEmpty { write(service.waiting, number) }
    }

    private func take(_ bytes: [UInt8], _ number: UInt32, _ serial: Int) {
        guard state.value.services[number]?.serial == serial else { return }
        perform(state.value.session.answer(bytes, on: number))
    }

    private func end(_ number: UInt32, _ serial: Int) {
        guard state.value.services[number]?.serial == serial else { return }
        perform(state.value.session.end(number))
        loop.scheduleTask(in: Self.patience) {
            guard self.state.value.services[number]?.serial == serial else { return }
            self.perform(self.state.value.session.insist(number))
        }
    }
}

/// The host's end of a channel's connection.
private final class ServiceHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let take: ([UInt8]) -> Void
    private let end: () -> Void

    init(take: @escaping ([UInt8]) -> Void, end: @escaping () -> Void) {
        self.take = take
        self.end = end
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        take(Array(unwrapInboundIn(data).readableBytesView))
    }

    func channelInactive(context: ChannelHandlerContext) { end() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
