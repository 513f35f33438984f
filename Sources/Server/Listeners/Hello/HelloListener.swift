package import Fleet
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Vocabulary

/// Takes hello packets on TCP, port 9971 by custom.
///
/// What is no hello is logged with its source and dropped. A source that asks too much is refused before it is read.
package struct HelloListener: Service {
    private let host: String
    private let port: Int
    private let limit: Duration
    private let clock: @Sendable () -> Double
    private let take: @Sendable (HelloPacket, String) async -> Void
    private let started: @Sendable (Int) -> Void
    private let logger: Logger

    /// Hellos are taken in so many lanes, so that they go to the disk together; those of one machine in one lane, so that
    /// they stay in order.
    private static let lanes = 8

    /// `take` is given each packet and its source address; `started` the port, once it listens.
    ///
    /// `limit` is how long a connection may take for the whole of a hello, which firmware sends in one go.
    package init(
        host: String, port: Int, within limit: Duration = .seconds(10), clock: @escaping @Sendable () -> Double,
        logger: Logger,
        started: @escaping @Sendable (Int) -> Void = { _ in },
        take: @escaping @Sendable (HelloPacket, String) async -> Void
    ) {
        self.host = host
        self.port = port
        self.limit = limit
        self.clock = clock
        self.logger = logger
        self.started = started
        self.take = take
    }

    package func run() async throws {
        let lanes = (0..<Self.lanes).map { _ in
            AsyncStream.makeStream(
                of: (HelloPacket, String).self, bufferingPolicy: .bufferingOldest(10_000 / Self.lanes))
        }
        let limits = Mutex(HelloLimits())
        let (logger, clock, limit) = (logger, clock, TimeAmount(limit))
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                let source = channel.remoteAddress?.ipAddress ?? "unknown"
                guard limits.withLock({ $0.admits(source, now: clock()) }) else {
                    logger.warning("hello refused: too many from this source", metadata: ["source": "\(source)"])
                    return channel.close()
                }
                channel.closeFuture.whenComplete { _ in limits.withLock { $0.closed(source) } }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        HelloHandler(within: limit) { reading in
                            switch reading {
                            case .packet(let packet):
                                let lane = lanes[packet.machine.bytes.reduce(0) { $0 + Int($1) } % lanes.count]
                                if case .dropped = lane.continuation.yield((packet, source)) {
                                    logger.warning(
                                        "hello dropped: the server is behind", metadata: ["source": "\(source)"])
                                }
                            case .unreadable(let why):
                                logger.notice("no hello", metadata: ["source": "\(source)", "why": "\(why)"])
                            case .incomplete:
                                break
                            }
                        }
                    ])
                }
            }
        let server: any Channel
        do { server = try await bootstrap.bind(host: host, port: port).get() } catch {
            throw Failure(
                .listenerUnavailable, "cannot listen for hellos on \(host):\(port): \(error)",
                hint: "Is another server running? Choose another address or port with `hello` in the configuration.")
        }
        logger.info("listening for hellos", metadata: ["address": "\(host):\(server.localAddress?.port ?? port)"])
        started(server.localAddress?.port ?? port)
        await withTaskGroup { group in
            for lane in lanes {
                group.addTask {
                    for await (packet, source) in lane.stream { await take(packet, source) }
                }
            }
            try? await gracefulShutdown()
            for lane in lanes { lane.continuation.finish() }
            await group.waitForAll()
        }
        try await server.close()
    }
}
