import CryptoExtras
import Foundation
package import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// The firmware's ports: 16993 with TLS, 16992 without, on an address of its own.
package final class NetworkSide: Sendable {
    private let host: FirmwareHost
    private let selfSigned: SelfSigned
    private let group: any EventLoopGroup
    private let address: String
    private let open = Mutex<[UInt64: any Channel]>([:])
    private let listeners = Mutex<[any Channel]>([])
    private let counter = Atomic<UInt64>(0)
    private let say: @Sendable (String) -> Void

    package init(
        _ host: FirmwareHost, selfSigned: SelfSigned, address: String, group: any EventLoopGroup,
        say: @escaping @Sendable (String) -> Void
    ) {
        self.host = host
        self.selfSigned = selfSigned
        self.address = address
        self.group = group
        self.say = say
    }

    package func start() async throws {
        try await listen(16993, tls: true)
        try await listen(16992, tls: false)
        host.onCommit { [self] in
            // The network restarts: every connection goes, but the one that carries the commit's answer, which closes
            // itself once that is written.
            let channels = open.withLock { Array($0.values) }
            for channel in channels {
                channel.eventLoop.scheduleTask(in: .milliseconds(200)) { channel.close(promise: nil) }
            }
        }
    }

    package func stop() async {
        for channel in listeners.withLock({ $0 }) { try? await channel.close() }
    }

    private func listen(_ port: Int, tls: Bool) async throws {
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try setUp(channel, tls: tls) }
            }
            .bind(host: address, port: port).get()
        listeners.withLock { $0.append(listener) }
        say("listening on \(address):\(port)\(tls ? " (TLS)" : "")")
    }

    private func setUp(_ channel: any Channel, tls: Bool) throws {
        let number = counter.add(1, ordering: .relaxed).newValue
        open.withLock { $0[number] = channel }
        channel.closeFuture.whenComplete { [self] _ in open.withLock { _ = $0.removeValue(forKey: number) } }
        let (isSetUp, plainAllowed) = host.with { state in
            let firmware = state.firmware
            return (
                firmware.provisioningState == .in,
                firmware.provisioningState == .post
                    && (!firmware.committedTLS.remote.enabled || firmware.committedTLS.remote.acceptsPlain)
            )
        }
        guard tls else {
            // The listener cannot be unbound and bound again without losing the port, so what must be closed hangs up.
            guard plainAllowed else { return channel.close(promise: nil) }
            let facts = ConnectionFacts(number: number, isTLS: false, isSetUp: false)
            return try channel.pipeline.syncOperations.addHandler(HTTPHandler(host, facts))
        }
        let facts = ConnectionFacts(number: number, isTLS: true, isSetUp: isSetUp)
        let context = try tlsContext(isSetUp: isSetUp)
        let handler: NIOSSLServerHandler
        if isSetUp {
            handler = NIOSSLServerHandler(context: context) { [host, say] chain, promise in
                let ders = chain.compactMap { try? $0.toDERBytes() }
                let refusal = host.with { $0.firmware.refusal(of: ders) }
                if let refusal { say("set-up refused: \(refusal)") }
                promise.succeed(refusal == nil ? .certificateVerified : .failed)
            }
        } else {
            handler = NIOSSLServerHandler(context: context)
        }
        try channel.pipeline.syncOperations.addHandlers([
            handler, HandshakeCounter { [host] in host.with { $0.handshakes += 1 } }, HTTPHandler(host, facts),
        ])
    }

    /// What the port presents now; made for each connection, since a commit or a test changes it.
    private func tlsContext(isSetUp: Bool) throws -> NIOSSLContext {
        let (der, key) = host.with { state in
            if state.presentsWrongCertificate { return (selfSigned.certificate, selfSigned.key) }
            return state.firmware.servedIdentity(selfSigned: selfSigned)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(try NIOSSLCertificate(bytes: der, format: .der))],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.pkcs8DERRepresentation), format: .der)))
        // AMT 12: TLS 1.1 and 1.2.
        configuration.minimumTLSVersion = .tlsv11
        configuration.maximumTLSVersion = .tlsv12
        if isSetUp { configuration.certificateVerification = .noHostnameVerification }
        return try NIOSSLContext(configuration: configuration)
    }
}

/// Counts completed handshakes.
private final class HandshakeCounter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let count: () -> Void
    init(_ count: @escaping () -> Void) { self.count = count }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { count() }
        context.fireUserInboundEventTriggered(event)
    }
}
