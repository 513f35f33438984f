import AMTSimulator
import ArgumentParser
import Foundation
import SimulatedMEI

/// What the machine around the firmware offers its operating system.
struct HostOptions: ParsableArguments {
    @Option(help: "A folder on which to mount the device node `mei0`; of a fleet, a node each from `mei0` on.")
    var hostNode: String?
    @Option(help: "A SOCK_SEQPACKET socket with the same host interface.") var hostSocket: String?
    @Option(help: "A path at which the device node is to be seen too, such as /dev/mei0; takes root.") var bind: String?
    @Option(help: "The device's number; those before it are nodes of other controllers.") var meiIndex = 0
    @Option(help: "A folder for the tree that the kernel would show below /sys.") var sysfs: String?
    @Option(help: "How many may hold the port forwarding client (LME) at once; else one up to AMT 10, later eight.")
    var lmeClients: Int?
    @Flag(help: "Say closes of channel 0 on it that mean nothing.") var lmeStaleCloses = false
    @Flag(help: "End its session with the first channel that closes.") var lmeDropsSession = false
    @Flag(help: "Say the version on it only after the host has.") var lmeGreetsLast = false
    @Option(help: "How the firmware logs in on it: none, service or user.") var lmeLogIn = "none"

    func validate() throws {
        guard Personality.HostLogIn(rawValue: lmeLogIn) != nil else {
            throw ValidationError("--lme-log-in is none, service or user")
        }
        guard lmeClients ?? 1 > 0, (0...63).contains(meiIndex) else {
            throw ValidationError("--lme-clients is at least 1, and --mei-index from 0 to 63")
        }
        guard meiIndex == 0 || hostNode != nil || bind != nil || sysfs != nil else {
            throw ValidationError("--mei-index goes with --host-node, --bind or --sysfs")
        }
    }

    func apply(to switches: inout Personality.Switches) {
        switches.portForwardingClients = lmeClients
        switches.saysStaleCloses = lmeStaleCloses
        switches.dropsSessionWithChannel = lmeDropsSession
        switches.greetsHostFirst = !lmeGreetsLast
        switches.hostLogIn = Personality.HostLogIn(rawValue: lmeLogIn) ?? .none
    }
}

/// The ways to the host interface that are open, until they are closed.
struct OpenWays {
    private var nodes: [any SimulatedNode] = []
    private var binding: BindMount?
    /// Made for a node that is only to be seen elsewhere.
    private var temporary: String?

    /// Opens what the options name, or nothing of it.
    ///
    /// - Parameters:
    ///   - options: What to open.
    ///   - devices: In the order of their nodes.
    ///   - say: Told of each that is open.
    /// - Throws: ``SimulationFault``.
    init(_ options: HostOptions, _ devices: [HostSide], _ say: @Sendable (String) -> Void) throws {
        do {
            try openNodes(options, devices, say)
            if let path = options.hostSocket, let first = devices.first {
                let node = try SocketNode(path: path, firmware: first)
                nodes.append(node)
                first.use(node)
                first.onVanish { node.vanish() }
                say("host interface socket \(path)")
            }
        } catch {
            close()
            throw SimulationFault("\(error)", exitCode: 71)
        }
    }

    private mutating func openNodes(
        _ options: HostOptions, _ devices: [HostSide], _ say: @Sendable (String) -> Void
    ) throws {
        guard options.hostNode != nil || options.bind != nil else { return }
        let folder: String
        if let given = options.hostNode {
            folder = given
        } else {
            folder = "\(NSTemporaryDirectory())namesake-simulator-\(ProcessInfo.processInfo.processIdentifier)"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            temporary = folder
        }
        let others: [any MEIFirmware] = (0..<options.meiIndex).map { _ in OtherController() }
        let node = try DeviceNode(directory: folder, firmwares: others + devices)
        nodes.append(node)
        for (place, device) in devices.enumerated() {
            let number = options.meiIndex + place
            device.use(node)
            device.onVanish { node.vanish(number) }
            if place < 8 { say("device node \(folder)/mei\(number)") }
        }
        if devices.count > 8 { say("and so on to \(folder)/mei\(options.meiIndex + devices.count - 1)") }
        if let path = options.bind {
            binding = try BindMount("\(folder)/mei\(options.meiIndex)", at: path)
            say("device node \(path)")
        }
    }

    mutating func close() {
        binding?.remove()
        for node in nodes { node.stop() }
        if let temporary { rmdir(temporary) }
        (binding, nodes, temporary) = (nil, [], nil)
    }
}
