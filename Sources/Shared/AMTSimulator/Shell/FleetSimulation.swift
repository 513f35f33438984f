import Glibc
import NIOCore
import NIOPosix

/// A fleet that runs: its ports, its hellos, its control socket.
package struct FleetSimulation: Sendable {
    private let fleet: Fleet
    private let say: @Sendable (String) -> Void
    private let greeters: [HelloSender]
    private let control: (any Channel)?

    /// Starts everything that the plan names; `say` is given one line for each thing that opens.
    package static func start(
        _ plan: FleetPlan, portOffset: Int, say: @escaping @Sendable (String) -> Void
    ) async throws -> FleetSimulation {
        let descriptors = allowDescriptors()
        let group = MultiThreadedEventLoopGroup.singleton
        let fleet = try Fleet(plan, group: group, say: say)
        let console = Console(
            device: { $0.map { fleet.device($0) } ?? fleet.devices.first },
            move: { host, old in
                let new = host.with { $0.firmware.ipv4.address }
                guard try await fleet.move(host, from: old, to: new) else {
                    throw SimulationFault("\(new) is another device's", exitCode: 64)
                }
            }, totals: { fleet.devices })
        for line in plan.common.commands { try await console.perform(line) }
        try await fleet.start(portOffset: portOffset, descriptors: descriptors)
        var control: (any Channel)?
        if let path = plan.common.control {
            control = try await ControlSocket(console, group: group).start(path: path)
            say("control socket \(path)")
        }
        let gate = Gate(helloesAtOnce)
        let greeters = plan.common.provisioningServer.map { server in
            fleet.devices.map {
                HelloSender(
                    $0, server: server, speedUp: plan.common.helloSpeedUp, gate: gate, group: group, say: { _ in })
            }
        }
        say("\(fleet.devices.count) devices from \(plan.common.address) on")
        return FleetSimulation(fleet: fleet, say: say, greeters: greeters ?? [], control: control)
    }

    /// Below the queue of a listener that does not listen with more than the kernel's old limit.
    private static let helloesAtOnce = 128

    /// Each connection is a descriptor, and the usual limit of 1024 is for programs that have few.
    ///
    /// - Returns: How many there may be.
    private static func allowDescriptors() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// What each device is to the host it sits in; made anew with each call.
    package func hostSides() -> [HostSide] { fleet.hostSides() }

    /// Writes what a kernel would show of all devices, under a folder, and keeps it true.
    ///
    /// - Throws: ``SimulationFault``.
    package func writeKernelTree(_ root: String) throws {
        _ = try KernelTree(root, fleet.devices, others: 0, say: say)
    }

    /// Says hello for every device as long as it is due, until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            for greeter in greeters { group.addTask { await greeter.run() } }
        }
    }

    package func stop() async {
        try? await control?.close()  // closed already, then
        await fleet.stop()
    }
}
