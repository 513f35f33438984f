import ArgumentParser
import Certificates
import CurlClient
import Fleet
import Foundation
import Hummingbird
import HummingbirdTLS
import Jobs
import Listeners
import Logging
import NIOSSL
import Provisioning
import ServiceLifecycle
import StorageSQLite
import UnixSignals
import Vocabulary

/// `serve`: the wiring of one server process.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Runs the server.")

    @OptionGroup var folder: FolderOption

    func run() async throws {
        let folder = folder.value
        let configuration = try ServerConfiguration.load(from: folder)
        try folder.takeLock()
        var logger = Logger(label: "namesake-server")
        logger.logLevel = .info

        let keyFile = MasterKeyFile(folder)
        let ring = try keyFile.read()
        try folder.requireNoLoss()
        var store = try SQLiteStore(path: folder.store)
        store.lease.seconds = configuration.leaseSeconds ?? store.lease.seconds
        try await store.check()
        try await requireKeys(of: store, in: ring)
        let bell = JobBell()
        let clock: @Sendable () -> Double = { Date().timeIntervalSince1970 }
        let board = SignalBoard()
        let chain = try folder.chain()
        let webhooks = try (configuration.webhooks ?? []).map { try $0.webhook(in: folder) }
        let bells = WebhookService.bells(for: webhooks)
        var core = ServerCore(
            store: store, domain: configuration.domain,
            policy: try NamePolicy(domains: configuration.domains, pattern: configuration.namePattern),
            routes: Routes(configuration.route ?? .auto, chain: chain, domain: configuration.domain), board: board,
            clock: clock,
            ring: { for bell in [bell] + bells { bell.ring() } })
        let boards = try configuration.boards(in: folder)
        core.asksBoards = boards != nil
        let client = try CurlClient()
        defer { client.close() }
        let profile = configuration.leafProfile
        let authority = try folder.authority(profile, store)
        core.authority = authority
        let vault = Vault(keys: VaultKeys(ring) { () throws(Failure) in try keyFile.read() }, store: store)
        if configuration.oneTimePasswords ?? true { core.vault = vault }
        var workshop = Workshop(
            store: store, vault: vault,
            client: client, authority: authority, chain: chain,
            firmwarePort: configuration.firmwarePort, board: board,
            recovery: RecoveryShelf(folder: folder.recovery), clock: clock)

        let leases = LeaseBook(seconds: store.lease.seconds)
        workshop.leases = leases
        if let seconds = configuration.answerSeconds { workshop.answerTime = .seconds(seconds) }
        workshop.domain = configuration.domain
        workshop.approval = configuration.approval ?? .none
        workshop.boards = boards
        workshop.kerberos = configuration.kerberos
        workshop.mebx = configuration.mebxPassword ?? .random
        workshop.firstLogins = try folder.firstLogins()
        workshop.users = configuration.digestUsers ?? []
        workshop.bootOrder = configuration.bootOrder ?? .settingsFirst
        var actions: [Fleet.Collection: CollectionAction] = [:]
        for (name, action) in configuration.actions ?? [:] {
            guard let collection = Fleet.Collection(rawValue: name) else { throw noCollection(name) }
            actions[collection] = action
        }
        var services: [any Service] = [
            try helloListener(configuration, core, clock, logger), try api(folder, configuration, core, logger),
            try console(folder, core, logger),
            JobService(
                core: core, workshop: workshop, bell: bell, atOnce: configuration.jobsAtOnce, leases: leases,
                leaseSeconds: store.lease.seconds, logger: logger),
            WebhookService(
                core: core, log: store, webhooks: webhooks, actions: actions, client: client, bells: bells,
                logger: logger),
            UpkeepService(
                core: core, authority: authority, renewBefore: Double(profile.renewDaysBefore) * 86_400,
                revocationList: folder.revocationList, pause: .seconds(configuration.upkeepEverySeconds ?? 3600),
                logger: logger),
        ]
        if let address = configuration.revocationListServer {
            services.append(try revocationList(address, authority, clock, logger))
        }
        let group = ServiceGroup(
            configuration: .init(
                // Listeners end when they are asked to, not when they are cancelled.
                services: services.map { .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
    }

    private func helloListener(
        _ configuration: ServerConfiguration, _ core: ServerCore, _ clock: @escaping @Sendable () -> Double,
        _ logger: Logger
    ) throws(Failure) -> HelloListener {
        let (host, port) = try hostAndPort(configuration.hello)
        return HelloListener(host: host, port: port, clock: clock, logger: logger) { packet, source in
            var about: Logger.Metadata = [
                "machine": "\(packet.machine)", "source": "\(source)", "version": "\(packet.version)",
                "retry": "\(packet.retryCount)", "roots": "\(packet.rootHashes.count)",
            ]
            if let pid = packet.pid { about["pid"] = "\(PreSharedKey.written(pid))" }
            do throws(Failure) {
                let decision = try await core.take(packet, from: source)
                logger.notice("hello", metadata: about.merging(["decision": "\(decision)"]) { $1 })
            } catch {
                logger.error("hello not taken", metadata: about.merging(["failure": "\(error)"]) { $1 })
            }
        }
    }

    private func api(
        _ folder: ServerFolder, _ configuration: ServerConfiguration, _ core: ServerCore, _ logger: Logger
    ) throws -> any Service {
        let (host, port) = try hostAndPort(configuration.api)
        let chain = try NIOSSLCertificate.fromPEMBytes(try folder.read(folder.apiCertificate))
        let key = try NIOSSLPrivateKey(bytes: try folder.read(folder.apiKey), format: .pem)
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        tls.minimumTLSVersion = .tlsv12
        // Agents that have a certificate of their own show it; the others come with a build token.
        tls.certificateVerification = .optionalVerification
        tls.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(try folder.read(folder.authorityCertificate)))
        return Application(
            router: AgentRoutes(core).router(), server: try .tls(.http1(), tlsConfiguration: tls),
            configuration: .init(address: .hostname(host, port: port), serverName: "namesake"), logger: quiet(logger))
    }

    private func revocationList(
        _ address: String, _ authority: BuiltInAuthority, _ clock: @escaping @Sendable () -> Double, _ logger: Logger
    ) throws(Failure) -> any Service {
        let (host, port) = try hostAndPort(address)
        let routes = RevocationRoutes { try await authority.revocationList(now: clock()).der }
        return Application(
            router: routes.router(),
            configuration: .init(address: .hostname(host, port: port), serverName: "namesake"), logger: quiet(logger))
    }

    private func console(_ folder: ServerFolder, _ core: ServerCore, _ logger: Logger) throws -> any Service {
        unlink(folder.console)  // left by a server that was killed; the lock says that none runs
        return Application(
            router: ConsoleRoutes(core).router(),
            configuration: .init(address: .unixDomainSocket(path: folder.console)), logger: quiet(logger))
    }

    private func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = .warning
        return logger
    }
}

extension ServerCore: AgentService, ConsoleService {}
