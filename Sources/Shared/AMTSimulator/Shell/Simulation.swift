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
    /// The first request of this method is held, before or after it is applied.
    package var hold: (phase: String, method: String)?

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
            trustedRoots: try rootHashes(plan.trustedRoots), seed: plan.seed, now: clock())
        firmware.trustedSuffix = plan.trustedSuffix
        let numbers = plan.address.split(separator: ".")
        firmware.ipv4 = .init(
            address: plan.address, gateway: (numbers.dropLast().map(String.init) + ["1"]).joined(separator: "."))
        let log = try plan.requestLog.map { try RequestLog(path: $0) }
        let selfSigned = try SelfSigned(uuid: plan.uuid.hexadecimal, now: clock())
        let host = FirmwareHost(firmware, selfSigned: selfSigned, log: log, clock: clock)
        if let hold = plan.hold {
            host.with { $0.holds.append(Mishap(kind: hold.phase, request: nil, method: hold.method)) }
        }
        let group = MultiThreadedEventLoopGroup.singleton
        let network = NetworkSide(host, address: plan.address, group: group, say: say)
        try await network.start()
        var control: (any Channel)?
        if let path = plan.control {
            control = try await ControlSocket(host, group: group).start(path: path)
            say("control socket \(path)")
        }
        let hello = plan.provisioningServer.map {
            HelloSender(host, address: plan.address, server: $0, speedUp: plan.helloSpeedUp, group: group, say: say)
        }
        return Simulation(hostSide: HostSide(host), network: network, hello: hello, control: control)
    }

    /// Says hello as long as it is due, until the task is cancelled; without a server to greet, returns at once.
    package func run() async { await hello?.run() }

    /// SHA-256 hashes of the roots, and some of the maker's own, whose roots nobody has.
    ///
    /// - Parameter texts: PEM.
    /// - Returns: 32 bytes each, the caller's first.
    /// - Throws: ``SimulationFault`` for what is no PEM, and for more roots than firmware keeps.
    private static func rootHashes(_ texts: [String]) throws -> [[UInt8]] {
        var hashes: [[UInt8]] = []
        do {
            for text in texts {
                for document in try PEMDocument.parseMultiple(pemString: text) {
                    hashes.append(Array(SHA256.hash(data: document.derBytes)))
                }
            }
        } catch { throw SimulationFault("a trusted root is not PEM: \(error)", exitCode: 65) }
        hashes += (1...3).map { Array(SHA256.hash(data: Data("a root of the maker's, number \($0)".utf8))) }
        // The most that a captured hello holds.
        guard hashes.count <= 24 else {
            throw SimulationFault("\(hashes.count) roots, where firmware keeps 24 at most: name fewer", exitCode: 65)
        }
        return hashes
    }

    package func stop() async {
        try? await control?.close()
        await network.stop()
    }
}
