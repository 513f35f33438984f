import Crypto
import Foundation
import NIOCore
import NIOPosix
import SimulatedMEI
import SwiftASN1

/// What one simulated device is started with.
package struct SimulationPlan: Sendable {
    package var personality: Personality
    package var uuid: [UInt8]
    package var address: String
    package var dnsSuffix: String
    /// The PKI DNS suffix of MEBx, empty where none is set.
    package var trustedSuffix = ""
    package var provisioningServer: (host: String, port: Int)?
    package var helloSpeedUp = 1.0
    /// PEM texts of roots that set-up trusts.
    package var trustedRoots: [String] = []
    package var requestLog: String?
    package var control: String?
    package var seed: UInt64 = 1
    /// Admin's password of a machine that begins set up; `nil` for one that begins in set-up mode.
    package var adminPassword: String?
    /// What somebody gave MEBx by hand before the first hello.
    package var mebxPassword: String?
    /// PID and PPS of a machine that begins with a shared key, and the password that admin was given with them.
    package var sharedKey: (key: SharedKey, adminPassword: String?)?
    /// Whether it takes as long as a device in life.
    package var isSlow = false
    /// A folder that keeps what its flash holds, a file a device.
    package var stateFolder: String?
    /// Lines of the control socket, done before the ports open to anybody.
    package var commands: [String] = []
    /// A keytab with the firmware's keys, and the principals that may do everything.
    package var kerberos: (keytab: String, administrators: Set<String>)?
    /// A file to which the root of its on-die authority is written, as PEM.
    package var onDieRoot: String?
    /// The first request of this method is held, before or after it is applied.
    package var hold: (phase: String, method: String)?
    /// Which maker the processor's authority is of; devices of one family have one root.
    package var onDieFamily: String?

    package init(personality: Personality, uuid: [UInt8], address: String, dnsSuffix: String) {
        self.personality = personality
        self.uuid = uuid
        self.address = address
        self.dnsSuffix = dnsSuffix
    }
}

/// A simulated device that runs: its ports, its hello, its control socket.
package struct Simulation: Sendable {
    package let hostSide: HostSide
    private let host: FirmwareHost
    private let say: @Sendable (String) -> Void
    private let network: NetworkSide
    private let hello: HelloSender?
    private let control: (any Channel)?

    /// Starts everything that the plan names; `say` is given one line for each thing that opens.
    package static func start(_ plan: SimulationPlan, say: @escaping @Sendable (String) -> Void) async throws
        -> Simulation
    {
        let clock: @Sendable () -> Double = { Date().timeIntervalSince1970 }
        var firmware = SimulatedFirmware(
            personality: plan.personality, uuid: plan.uuid, dnsSuffix: plan.dnsSuffix,
            trustedRoots: try rootHashes(plan.trustedRoots, plan.personality), seed: plan.seed, now: clock())
        firmware.trustedSuffix = plan.trustedSuffix
        firmware.ipv4 = .init(device: plan.address)
        if let family = plan.onDieFamily { firmware.onDie.family = family }
        if let server = plan.provisioningServer { firmware.host.setUpServer = .init(server) }
        if let shared = plan.sharedKey { firmware.take(shared.key, adminPassword: shared.adminPassword) }
        let folder = try plan.stateFolder.map { try StateFolder($0, say: say) }
        try folder?.restore(&firmware)
        if let password = plan.mebxPassword { firmware.beginWithMEBxPassword(password) }
        if let password = plan.adminPassword { firmware.beginProvisioned(password: password, hostName: "pc1") }
        let log = try plan.requestLog.map { try RequestLog(path: $0) }
        let own = try SelfSigned(
            uuid: plan.uuid.hexadecimal, now: clock(), kind: plan.personality.ownCertificate)
        if let path = plan.onDieRoot { try write(own.root, to: path) }
        let host = FirmwareHost(
            firmware, identity: OwnIdentity { own }, keys: KeyPool(size: 1), log: log, clock: clock)
        folder?.keep(host)
        if let kerberos = plan.kerberos {
            let gate = KerberosGate(keytab: kerberos.keytab, administrators: kerberos.administrators, say: say)
            host.with { $0.kerberos = gate }
        }
        if plan.isSlow { host.with { $0.latency = Latency(seed: plan.seed) } }
        if let hold = plan.hold {
            host.with { $0.holds.append(Mishap(kind: hold.phase, request: nil, method: hold.method)) }
        }
        let group = MultiThreadedEventLoopGroup.singleton
        let network = NetworkSide(host, group: group, say: say)
        try await network.start()
        let console = Console(device: { _ in host }, move: { _, _ in try await network.listen() }, totals: { [host] })
        for line in plan.commands { try await console.perform(line) }
        var control: (any Channel)?
        if let path = plan.control {
            control = try await ControlSocket(console, group: group).start(path: path)
            say("control socket \(path)")
        }
        let hello = plan.provisioningServer.map {
            HelloSender(host, server: $0, speedUp: plan.helloSpeedUp, group: group, say: say)
        }
        return Simulation(
            hostSide: HostSide(host, network, loop: group.next()), host: host, say: say, network: network,
            hello: hello, control: control)
    }

    private static func write(_ root: [UInt8]?, to path: String) throws {
        guard let root else { throw SimulationFault("this generation has no on-die authority", exitCode: 64) }
        let text = PEMDocument(type: "CERTIFICATE", derBytes: root).pemString + "\n"
        do { try text.write(toFile: path, atomically: true, encoding: .utf8) } catch {
            throw SimulationFault("the on-die root cannot be written to \(path): \(error)", exitCode: 73)
        }
    }

    /// Writes what the kernel would show of the device, under a folder, and keeps it true.
    ///
    /// - Parameters:
    ///   - root: The folder; made where it is missing.
    ///   - others: How many numbers other controllers have before it.
    /// - Throws: ``SimulationFault``.
    package func writeKernelTree(_ root: String, others: Int) throws {
        _ = try KernelTree(root, [host], others: others, say: say)
    }

    /// Says hello as long as it is due, until the task is cancelled; without a server to greet, returns at once.
    package func run() async { await hello?.run() }

    /// Hashes of the roots, and some of the maker's own, whose roots nobody has.
    ///
    /// - Returns: Those of the PEM texts first, each by every digest that the generation lists.
    /// - Throws: ``SimulationFault`` for what is no PEM, and for more roots than firmware keeps.
    static func rootHashes(_ texts: [String], _ personality: Personality) throws -> [[UInt8]] {
        var roots: [[UInt8]] = []
        do {
            for text in texts { roots += try PEMDocument.parseMultiple(pemString: text).map(\.derBytes) }
        } catch { throw SimulationFault("a trusted root is not PEM: \(error)", exitCode: 65) }
        roots += (1...3).map { Array("a root of the maker's, number \($0)".utf8) }
        let hashes = roots.flatMap { root in personality.rootHashes.map { $0.digest(root) } }
        let most = personality.mostRoots
        guard hashes.count <= most else {
            throw SimulationFault(
                "\(hashes.count) hashes of roots, where this firmware keeps \(most) at most: name fewer", exitCode: 65)
        }
        return hashes
    }

    package func stop() async {
        try? await control?.close()
        await network.stop()
    }
}
