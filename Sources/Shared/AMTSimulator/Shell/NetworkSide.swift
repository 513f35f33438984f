import CryptoExtras
import Foundation
package import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// The firmware's ports: 16993 and 664 with TLS, 16992 and 623 without, and 623 by UDP, on an address of its own.
package final class NetworkSide: Sendable {
    private let host: FirmwareHost
    private let group: any EventLoopGroup
    private let open = Mutex<[UInt64: any Channel]>([:])
    private let listeners = Mutex<[any Channel]>([])
    private let counter = Atomic<UInt64>(0)
    private let say: @Sendable (String) -> Void

    package init(
        _ host: FirmwareHost, group: any EventLoopGroup, say: @escaping @Sendable (String) -> Void
    ) {
        self.host = host
        self.group = group
        self.say = say
    }

    /// Opens the ports.
    ///
    /// - Throws: ``SimulationFault`` that names the port, when one cannot be had.
    package func start() async throws {
        try await listen()
        watch()
    }

    /// Lets every connection go when the network restarts.
    ///
    /// The one that carries the commit's answer stays: it closes itself once that is written.
    func watch() {
        host.onRestart { [self] answering in
            let channels = open.withLock { open in open.filter { $0.key != answering }.map(\.value) }
            for channel in channels { channel.close(promise: nil) }
        }
    }

    /// Opens the ports of the address that the firmware has now, and closes those of the one before.
    ///
    /// - Parameters:
    ///   - offset: Added to each port's number.
    ///   - say: Told what opens.
    /// - Throws: ``SimulationFault`` that names the port; the old ports then stay open.
    func listen(offset: Int = 0, say: (@Sendable (String) -> Void)? = nil) async throws {
        let say = say ?? self.say
        let address = host.with { $0.firmware.ipv4.address }
        var new: [any Channel] = []
        do {
            for (port, tls) in [(16993, true), (16992, false), (664, true), (623, false)] {
                if let channel = try await listen(address, port + offset, tls: tls, say) { new.append(channel) }
            }
            if let channel = try await listenForPings(address, 623 + offset, say) { new.append(channel) }
        } catch {
            for channel in new { channel.close(promise: nil) }
            throw error
        }
        let old = listeners.withLock { listeners in
            defer { listeners = new }
            return listeners
        }
        for channel in old { channel.close(promise: nil) }
    }

    package func stop() async {
        for channel in listeners.withLock({ $0 }) { try? await channel.close() }
    }

    /// Opens a port, or says that this user may not have it.
    private func listen(
        _ address: String, _ port: Int, tls: Bool, _ say: (String) -> Void
    ) async throws -> (any Channel)? {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [self] channel in adopt(channel, tls: tls) }
        return try await open(address, port, tls ? " (TLS)" : "", say) {
            try await bootstrap.bind(host: address, port: port).get()
        }
    }

    /// Port 623 by UDP, where presence is asked for.
    private func listenForPings(
        _ address: String, _ port: Int, _ say: (String) -> Void
    ) async throws -> (any Channel)? {
        let bootstrap = DatagramBootstrap(group: group).channelInitializer { [host] channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(PresenceHandler(host))
            }
        }
        return try await open(address, port, " (UDP)", say) {
            try await bootstrap.bind(host: address, port: port).get()
        }
    }

    private func open(
        _ address: String, _ port: Int, _ kind: String, _ say: (String) -> Void,
        _ bind: () async throws -> any Channel
    ) async throws -> (any Channel)? {
        do {
            let channel = try await bind()
            say("listening on \(address):\(port)\(kind)")
            return channel
        } catch let error as IOError where error.errnoCode == EACCES && port < 1024 {
            say("port \(port)\(kind) is left out: this user may not listen below 1024")
            return nil
        } catch let error as IOError {
            throw SimulationFault(
                "\(address):\(port) cannot be listened on: \(String(cString: strerror(error.errnoCode))). "
                    + "Another simulator may run there: choose another --address (127.0.0.0/8 are all this machine's).",
                exitCode: 69)
        }
    }

    /// Takes a new connection to one of the ports.
    ///
    /// - Parameters:
    ///   - channel: The connection.
    ///   - tls: Whether the port speaks TLS.
    ///   - fromHost: Whether it comes from the host, through the port forwarding client.
    /// - Returns: What is done once its handlers are there.
    func adopt(_ channel: any Channel, tls: Bool, fromHost: Bool = false) -> EventLoopFuture<Void> {
        let delay = tls ? host.handshakeDelay() : 0
        guard delay > 0 else { return channel.eventLoop.makeCompletedFuture { try setUp(channel, tls, fromHost) } }
        return channel.eventLoop.scheduleTask(in: .milliseconds(Int64(delay * 1000))) { [self] in
            try setUp(channel, tls, fromHost)
        }.futureResult
    }

    private func setUp(_ channel: any Channel, _ tls: Bool, _ fromHost: Bool) throws {
        let number = counter.add(1, ordering: .relaxed).newValue
        open.withLock { $0[number] = channel }
        channel.closeFuture.whenComplete { [self] _ in open.withLock { _ = $0.removeValue(forKey: number) } }
        let admission = host.with {
            fromHost ? $0.firmware.localAdmission(tls: tls) : $0.firmware.admission(tls: tls)
        }
        // The listener cannot be unbound and bound again without losing the port, so what must be closed hangs up.
        guard admission != .closed else { return channel.close(promise: nil) }
        var facts = ConnectionFacts(number: number, isTLS: tls, isSetUp: admission == .chainForSetUp)
        facts.isFromHost = fromHost
        facts.peer = fromHost ? "" : channel.remoteAddress?.ipAddress ?? ""
        guard tls else { return try channel.pipeline.syncOperations.addHandler(HTTPHandler(host, facts)) }
        let web = HTTPHandler(host, facts)
        let context = try tlsContext(admission, fromHost)
        let handler: NIOSSLServerHandler
        if [.chainForSetUp, .chainOfClient, .announcedLeaf].contains(admission) {
            // The callback runs on the channel's own loop, which is where the web server lives.
            let web = NIOLoopBound(web, eventLoop: channel.eventLoop)
            handler = NIOSSLServerHandler(context: context) { [self] chain, promise in
                let refusal = refusal(of: chain.compactMap { try? $0.toDERBytes() }, admission, fromHost)
                if refusal == nil, admission == .announcedLeaf { web.value.isSetUp() }
                promise.succeed(refusal == nil ? .certificateVerified : .failed)
            }
        } else {
            handler = NIOSSLServerHandler(context: context)
        }
        try channel.pipeline.syncOperations.addHandlers([
            handler, HandshakeCounter { [host] in host.with { $0.handshakes += 1 } }, web,
        ])
    }

    /// Checks a client's chain, and says why it is refused.
    private func refusal(
        of chain: [[UInt8]], _ admission: SimulatedFirmware.Admission, _ fromHost: Bool
    ) -> String? {
        let refusal = host.with { state -> String? in
            switch admission {
            case .chainForSetUp: state.firmware.refusal(of: chain)
            case .announcedLeaf: state.firmware.refusal(ofAnnounced: chain)
            default:
                state.firmware.refusal(
                    ofClient: chain, names: fromHost ? state.firmware.committedTLS.local.trustedCN : nil)
            }
        }
        if let refusal { say("\(admission == .chainOfClient ? "client" : "set-up") refused: \(refusal)") }
        return refusal
    }

    /// What the port presents now; made for each connection, since a commit or a test changes it.
    private func tlsContext(_ admission: SimulatedFirmware.Admission, _ fromHost: Bool) throws -> NIOSSLContext {
        let (der, issuers, key) = try host.servedIdentity(toHost: fromHost)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try ([der] + issuers).map {
                .certificate(try NIOSSLCertificate(bytes: $0, format: .der))
            },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.pkcs8DERRepresentation), format: .der)))
        let tls = host.with { $0.firmware.personality.spokenTLS }
        configuration.minimumTLSVersion = TLSVersion(tls.lowest)
        configuration.maximumTLSVersion = TLSVersion(tls.highest)
        if let suites = tls.suites { configuration.cipherSuiteValues = suites.map { NIOTLSCipher($0) } }
        if admission == .sharedKey, let shared = host.with({ $0.firmware.sharedKey }) {
            configuration.cipherSuiteValues = [.TLS_PSK_WITH_AES_128_CBC_SHA, .TLS_PSK_WITH_AES_256_CBC_SHA]
            configuration.pskServerProvider = { context in
                guard context.clientIdentity == shared.identity else {
                    throw SimulationFault("the client names another PID", exitCode: 77)
                }
                return PSKServerIdentityResponse(key: NIOSSLSecureBytes(shared.key.utf8))
            }
        }
        switch admission {
        case .chainForSetUp, .chainOfClient: configuration.certificateVerification = .noHostnameVerification
        case .announcedLeaf: configuration.certificateVerification = .optionalVerification
        case .closed, .anyone, .sharedKey: break
        }
        return try NIOSSLContext(configuration: configuration)
    }
}

extension TLSVersion {
    fileprivate init(_ version: Personality.TLSVersion) {
        self =
            switch version {
            case .v10: .tlsv1
            case .v11: .tlsv11
            case .v12: .tlsv12
            case .v13: .tlsv13
            }
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
