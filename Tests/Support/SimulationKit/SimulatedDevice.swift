import AMTSimulator

/// One machine of a simulation: the simulator's heart, its address, and what its owner wants it to be called.
struct SimulatedDevice: Sendable {
    private var firmware: SimulatedFirmware
    var address: String
    /// The operating system's name; `nil` until somebody gives it one.
    var osName: String?
    /// What the agent does there.
    var agent = Agent.idle
    /// The connection that is open to it.
    var connection: UInt64?
    var takesWrites: Bool {
        get { firmware.flashWritesLeft == nil }
        set { firmware.flashWritesLeft = newValue ? nil : 0 }
    }
    /// Without power, or off the network: nothing of it answers, and it says nothing.
    var isAway = false
    /// The name that the agent last saw arrive in the firmware.
    var synced: String?

    enum Agent: Hashable, Sendable {
        case idle
        case wantsSync
        case follows(job: String, restored: Bool)
    }

    private static let pairs: KeyPairs = {
        guard let pairs = try? KeyPairs(count: 24) else { fatalError("no key pairs") }
        return pairs
    }()
    private static let selfSigned: SelfSigned = {
        guard let made = try? SelfSigned(uuid: "simulation", now: 1_700_000_000) else { fatalError("no certificate") }
        return made
    }()
    private var nextPair = 0

    init(number: Int, roots: [[UInt8]], now: Double) {
        let uuid = [UInt8](repeating: 0x5A, count: 14) + [UInt8(number >> 8), UInt8(number & 0xFF)]
        firmware = SimulatedFirmware(
            personality: .amt12, uuid: uuid, dnsSuffix: "corp.example.test", trustedRoots: roots,
            seed: UInt64(number + 1), now: now)
        firmware.personality.switches.hostOSFQDNIsWritable = number % 2 == 1
        firmware.personality.switches.partialSurvivesPowerCut = number % 4 >= 2
        address = "127.1.\(number >> 8).\(number & 0xFF)"
        nextPair = number
    }

    var presented: [UInt8] { firmware.presented(else: Self.selfSigned) }
    var isOpen: Bool { !isAway && firmware.admission(tls: true) != .closed }
    var asksForChain: Bool { firmware.admission(tls: true) == .chainForSetUp }

    /// One request on a connection that is open; what comes back is bytes.
    mutating func exchange(
        _ headers: [(name: String, value: String)], _ body: [UInt8], isSetUp: Bool, now: Double
    ) -> [UInt8] {
        firmware.now = now
        let answer = firmware.exchange(
            headers, body, on: ConnectionFacts(number: connection ?? 0, isTLS: true, isSetUp: isSetUp),
            making: Self.pairs, place: &nextPair)
        if answer.closes { connection = nil }
        return answer.bytes
    }

    // MARK: what happens to it

    mutating func tick(_ now: Double) { firmware.now = now }
    mutating func startConfiguration() { firmware.startConfiguration() }
    mutating func expireNonces() { firmware.expireNonces() }
    mutating func powerCut() { firmware.powerCut() }
    func hello() -> [UInt8] { firmware.hello(retry: 0) }

    /// Why its set-up would refuse a chain.
    func refusal(of chain: [[UInt8]]) -> String? { firmware.objection(to: chain) }

    /// From now on a client certificate alone opens no set-up.
    mutating func askForPasswordInSetUp() { firmware.personality.switches.setUpAuthentication = .digestAdmin }

    /// The suffix that a person gives it in MEBx, with which set-up compares certificates.
    mutating func giveSuffix(_ suffix: String) { firmware.trustedSuffix = suffix }

    /// An account as a job leaves it that was lost: of ours, and past its end.
    mutating func leaveAccount(_ name: String) {
        firmware.leaveAccount(name, a1: [UInt8](repeating: 1, count: 16))
    }

    // MARK: what is true in it

    var digestRealm: String { firmware.digestRealm }
    var uuid: [UInt8] { firmware.uuid }
    var hostOSFQDN: String {
        get { firmware.names.hostOSFQDN }
        set { firmware.names.hostOSFQDN = newValue }
    }

    var name: String { firmware.names.hostName + "." + firmware.names.domainName }
    var users: [String] { firmware.accounts.entries.map(\.name) }
    var adminHash: [UInt8]? { firmware.adminHash }
    var certificates: Int { firmware.certificateCount }
    var keys: Int { firmware.keyCount }
    var isInSetUp: Bool { firmware.provisioningState == .in }
    var isFactoryFresh: Bool { firmware.provisioningState == .pre }
    var bootedFrom: String? { firmware.machine.bootedFrom }
    var isProvisioned: Bool { firmware.provisioningState == .post }
}
