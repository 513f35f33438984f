import AMTSimulator
import ArgumentParser
import Foundation
import SimulatedMEI

/// `namesake-simulator`: arguments only.
@main
struct SimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namesake-simulator",
        abstract: "A simulated Intel AMT firmware, for trying and testing. Never part of a shipped agent or server.",
        version: "namesake-simulator 0.1.0",
        subcommands: [RunCommand.self, ControlCommand.self, OnDieRootsCommand.self])
}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs one simulated device, or a fleet of them.")

    @Option(help: "The device's own address, such as 127.16.0.2; a fleet's first.") var address: String
    @Option(help: "Its SMBIOS UUID; those of a fleet come from the seed.") var uuid: String?
    @Option(help: "How many devices; each has an address of its own, from --address on.") var devices: Int?
    @Option(help: "A fleet listens on the standard ports plus this, where those are taken.") var portOffset = 0
    @Option(help: "Begin as a machine that is set up; the file holds admin's password.") var provisioned: String?
    @Option(help: "How long answers take: none or realistic (100 to 500 ms, a handshake 1 to 2 s).") var latency =
        "none"
    @Option(help: "A folder that keeps each device's flash from one start to the next.") var state: String?
    @Option(help: "A line of the control socket, done at the start, such as a fault; may be given again.") var `do`:
        [String] = []
    @Option(help: "Which generation it is: \(Personality.all.map(\.name).joined(separator: ", ")).") var personality =
        "12.0"
    @Option(help: "Where hellos go, as address:port.") var provisionServer: String?
    @Option(help: "The domain that DHCP option 15 gives.") var dnsSuffix = "corp.example.test"
    @Option(help: "The PKI DNS suffix that MEBx holds; then DHCP's does not count.") var trustedSuffix = ""
    @Option(help: "A PEM file of roots that set-up trusts; may be given again.") var trustRoot: [String] = []
    @OptionGroup(title: "Host options") var host: HostOptions
    @Option(help: "A file for the root of its on-die authority, from 15.0 on.") var onDieRoot: String?
    @Option(help: "The control socket that tests use.") var control: String?
    @Option(help: "A file for one JSON line a request.") var requestLog: String?
    @Option(help: "How much faster than in life hellos follow each other.") var speedUp = 1.0
    @Option(help: "How set-up authenticates: cert-only or digest-admin.") var setUpAuthentication = "cert-only"
    @Option(help: "Whether the answer to CommitChanges arrives: sent or lost.") var commitAnswer = "sent"
    @Flag(help: "Commit set-up though no host name was written, as MeshCentral expects.") var commitWithoutName = false
    @Option(help: "How many requests one nonce answers for.") var nonceUses: Int?
    @Option(help: "How many hours the first set-up stays open; later ones have six.") var setUpHours = 24.0
    @Option(help: "A shared key, as PID:FILE; the file holds the PPS, and in a second line admin's password.")
    var psk: String?
    @Flag(help: "Refuse that an account removes its own entry.") var keepOwnAccount = false
    @Option(help: "Begin with another MEBx password than the factory's, which is admin's too; in a file.")
    var mebxPassword: String?
    @Option(help: "When the password of MEBx may be set: anytime, during-setup or default-only.") var mebxPolicy =
        "anytime"
    @Flag(help: "Refuse a commit while the password of MEBx is the factory's, as AMT 19 does.") var wantsMebxPassword =
        false
    @Flag(help: "Make no keys and take them by AddKey alone, as before 6.2.") var addKeyOnly = false
    @Flag(help: "Say `AMT` alone in the Server header, as some builds of 11.x do.") var shortServerHeader = false
    @Flag(help: "Speak TLS 1.3 too, which is known of no generation for certain.") var tls13 = false
    @Option(help: "Hold the first request of a method, as before:METHOD or after:METHOD; see `control`.") var hold:
        String?
    @Option(help: "A keytab with the firmware's Kerberos keys; then tickets count as credentials.") var keytab: String?
    @Option(help: "A principal that a ticket makes an administrator; may be given again.") var kerberosAdmin: [String] =
        []
    @Option(help: "Whose authority the processor carries, a word; one word, one root: see `on-die-roots`.")
    var onDieFamily: String?
    @Option(help: "How what AMTAuthenticate signs is written: digest|zeros|absent,little|big|byte,once|twice.")
    var authenticationLayout = "digest,little,once"
    @Option(help: "The same seed gives the same realm, nonces and passwords.") var seed: UInt64 = 1

    func run() async throws {
        let say: @Sendable (String) -> Void = { line in
            FileHandle.standardOutput.write(Data("\(line)\n".utf8))
        }
        do {
            if let devices { return try await runFleet(devices, say) }
            let simulation = try await Simulation.start(try plan(), say: say)
            var ways = try OpenWays(host, [simulation.hostSide], say)
            defer { ways.close() }
            if let tree = host.sysfs { try simulation.writeKernelTree(tree, others: host.meiIndex) }
            let greeter = Task { await simulation.run() }
            let end = Ending.listen()
            say("ready")
            for await _ in end { break }
            greeter.cancel()
            ways.close()
            await simulation.stop()
        } catch let fault as SimulationFault {
            FileHandle.standardError.write(Data("\(fault)\n".utf8))
            throw ExitCode(fault.exitCode)
        }
    }

    private func runFleet(_ devices: Int, _ say: @escaping @Sendable (String) -> Void) async throws {
        guard devices > 0, host.hostSocket == nil, host.bind == nil, host.meiIndex == 0, uuid == nil, hold == nil,
            psk == nil
        else {
            throw ValidationError(
                "--devices is at least 1, and goes without --uuid, --host-socket, --bind, --mei-index, --hold, --psk")
        }
        let plan = FleetPlan(try plan(), count: devices)
        let simulation = try await FleetSimulation.start(plan, portOffset: portOffset, say: say)
        var ways = try OpenWays(host, host.hostNode == nil ? [] : simulation.hostSides(), say)
        defer { ways.close() }
        if let tree = host.sysfs { try simulation.writeKernelTree(tree) }
        let greeter = Task { await simulation.run() }
        let end = Ending.listen()
        say("ready")
        for await _ in end { break }
        greeter.cancel()
        ways.close()
        await simulation.stop()
    }

    private static func password(in path: String) throws -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let line = text.split(whereSeparator: \.isNewline).first
        else { throw SimulationFault("the password file \(path) cannot be read, or is empty", exitCode: 66) }
        return String(line)
    }

    private func plan() throws -> SimulationPlan {
        guard var personality = Personality.all.first(where: { $0.name == personality }) else {
            throw ValidationError(
                "there is no personality '\(personality)': \(Personality.all.map(\.name).joined(separator: ", "))")
        }
        guard let authentication = Personality.SetUpAuthentication(rawValue: setUpAuthentication),
            let answer = Personality.CommitAnswer(rawValue: commitAnswer),
            let mebx = Personality.MEBxPolicy(rawValue: mebxPolicy)
        else {
            throw ValidationError("--set-up-authentication, --commit-answer or --mebx-policy has no such value")
        }
        personality.switches.mebxPolicy = mebx
        if wantsMebxPassword { personality.needsMEBxPassword = true }
        personality.switches.setUpAuthentication = authentication
        personality.switches.commitAnswer = answer
        personality.switches.nonceUses = nonceUses
        personality.switches.accountMayRemoveItself = !keepOwnAccount
        if addKeyOnly { personality.makesKeys = false }
        personality.switches.saysOnlyAMT = shortServerHeader
        personality.switches.speaksTLS13 = tls13
        personality.switches.firstSetUpHours = setUpHours
        personality.switches.commitWantsHostName = !commitWithoutName
        host.apply(to: &personality.switches)
        guard let layout = AuthenticationLayout(authenticationLayout) else {
            throw ValidationError("--authentication-layout '\(authenticationLayout)' is not like digest,little,once")
        }
        personality.switches.authenticationLayout = layout
        guard uuid != nil || devices != nil else {
            throw ValidationError("--uuid is missing: the device's SMBIOS UUID")
        }
        let bytes = try uuid.map { text in
            guard let bytes = Self.smbios(text) else { throw ValidationError("'\(text)' is no UUID") }
            return bytes
        }
        guard ["none", "realistic"].contains(latency) else { throw ValidationError("--latency is none or realistic") }
        var plan = SimulationPlan(
            personality: personality, uuid: bytes ?? [UInt8](repeating: 0, count: 16), address: address,
            dnsSuffix: dnsSuffix)
        plan.isSlow = latency == "realistic"
        plan.stateFolder = state
        plan.adminPassword = try provisioned.map(Self.password)
        plan.mebxPassword = try mebxPassword.map(Self.password)
        plan.sharedKey = try psk.map { try Self.sharedKey($0, personality) }
        plan.commands = self.do
        if let provisionServer {
            guard let colon = provisionServer.lastIndex(of: ":"),
                let port = Int(provisionServer[provisionServer.index(after: colon)...])
            else { throw ValidationError("'\(provisionServer)' is not address:port") }
            plan.provisioningServer = (String(provisionServer[..<colon]), port)
        }
        plan.helloSpeedUp = max(speedUp, 0.001)
        plan.trustedSuffix = trustedSuffix
        plan.trustedRoots = try trustRoot.map { path in
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw SimulationFault("the root certificate \(path) cannot be read", exitCode: 66)
            }
            return text
        }
        plan.requestLog = requestLog
        plan.control = control
        plan.seed = seed
        plan.onDieRoot = onDieRoot
        plan.onDieFamily = onDieFamily
        plan.kerberos = keytab.map { ($0, Set(kerberosAdmin)) }
        if let hold {
            let parts = hold.split(separator: ":").map(String.init)
            guard parts.count == 2, ["before", "after"].contains(parts[0]) else {
                throw ValidationError("'\(hold)' is not before:METHOD or after:METHOD")
            }
            plan.hold = (phase: parts[0], method: parts[1])
        }
        return plan
    }

    /// A shared key from `PID:FILE`.
    private static func sharedKey(
        _ text: String, _ personality: Personality
    ) throws -> (key: SharedKey, adminPassword: String?) {
        guard personality.takesSharedKey else {
            throw ValidationError("--personality \(personality.name) takes no shared key: that ended with 10")
        }
        guard let colon = text.firstIndex(of: ":") else {
            throw ValidationError("--psk is PID:FILE, and the file holds the PPS")
        }
        let path = String(text[text.index(after: colon)...])
        guard let lines = try? String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline),
            let pps = lines.first
        else { throw SimulationFault("the file \(path) of the PPS cannot be read, or is empty", exitCode: 66) }
        let key = try SharedKey(pid: String(text[..<colon]), pps: String(pps))
        return (key, lines.dropFirst().first.map { String($0) })
    }

    /// The bytes as SMBIOS orders them: the first three fields swapped.
    private static func smbios(_ text: String) -> [UInt8]? {
        guard let uuid = UUID(uuidString: text) else { return nil }
        let b = withUnsafeBytes(of: uuid.uuid) { Array($0) }
        return [b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]] + b[8...]
    }
}
