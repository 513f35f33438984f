import Certificates
import CurlClient
import Fleet
import Foundation
import Jobs
import Provisioning
import Synchronization
import Vocabulary
import Wire

/// The generator xorshift64*: the same seed, the same world.
struct Dice: Sendable {
    private var state: UInt64
    init(seed: UInt64) { state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
    mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % bound }
    /// From 0 to 1.
    mutating func part() -> Double { Double(next() >> 11) / Double(1 << 53) }
}

/// What a server is made with, the same in every simulation.
struct Parts: Sendable {
    let domain: Hostname
    let authority: Certificate
    let issuer: BuiltInAuthority
    let chain: ProvisioningChain
    let key: SealingKey
    let looks: Looks

    init() throws {
        domain = try Hostname("corp.example.test")
        let now = 1_700_000_000
        let rootKey = try PrivateKey.rsa(bits: 2048)
        authority = try CertificateProfile.root("A").issue(
            for: try rootKey.publicKey, by: nil, signingWith: rootKey, now: now)
        issuer = try BuiltInAuthority(chain: [authority], key: rootKey)
        let setUpKey = try PrivateKey.rsa(bits: 2048)
        let root = try CertificateProfile.root("P").issue(
            for: try setUpKey.publicKey, by: nil, signingWith: setUpKey, now: now)
        let leafKey = try PrivateKey.rsa(bits: 2048)
        let leaf = try CertificateProfile.provisioning(try Hostname("p.corp.example.test")).issue(
            for: try leafKey.publicKey, by: root, signingWith: setUpKey, now: now)
        chain = try ProvisioningChain(links: [leaf, root], key: leafKey)
        looks = Looks(authority)
        key = try SealingKey(Secret([UInt8](repeating: 7, count: 32)))
    }

    var setUpRoot: [UInt8] { chain.roots.first?.fingerprint ?? [] }
}

/// Machines, a server and what happens to them, in one loop on a clock that nobody waits for.
///
/// Job machine, steps, digest, envelopes and parsing are the server's own; the firmware is the simulator's heart. Between
/// them there is no socket, task or thread, so that a seed repeats everything.
final class World: Sendable {
    enum Event: Hashable, Sendable {
        case hello(Int)
        case agent(Int)
        case rename(Int)
        case reboot(Int)
        /// Two machines have each other's addresses for a while.
        case swap(Int, Int)
        case restartServer
        /// A person at the server looks after what is held.
        case operatorsRound
        /// The server looks for what time alone makes due, as it does each hour.
        case upkeep
    }

    enum Fault: CaseIterable {
        case dropBefore, dropAfter, garbage, html, soapFault, refused, status500, status503, stall, otherCertificate
        case expireNonces, powerCut
        case crashBefore, crashAfter, crashInStore
    }

    struct State: Sendable {
        var devices: [SimulatedDevice]
        var now: Double
        var dice: Dice
        var queue: [(time: Double, order: Int, event: Event)] = []
        var order = 0
        /// Faults strike until then, each request with this likelihood.
        var stormEnds = 0.0
        var likelihood = 0.0
        var faults: Set<Fault> = Set(Fault.allCases)
        /// The one request that a fault is planned for, counted from the world's begin.
        var planned: (request: Int, fault: Fault)?
        /// Further ones.
        var plannedToo: [Int: Fault] = [:]
        /// The request, counted likewise, before which the first two devices swap addresses.
        var swapsBefore: Int?
        /// For so many seconds; `nil` for good.
        var swapsFor: Double? = 300
        /// Requests that were about to be sent.
        var attempts = 0
        /// How often a job was taken up.
        var claims = 0
        /// What must not be even for a moment, and was.
        var violations: [(device: Int, what: String)] = []
        /// Whose set-up was over, so that a person had to open it.
        var opened: Set<Int> = []
        var current = 0
        var serverIsDead = false
        var isHandling = false
        var connections: UInt64 = 0
        var requests = 0
        var restarts = 0
        var struck: [Fault: Int] = [:]
        /// What happened, to one device or to all.
        var story: [(device: Int?, line: String)] = []

        mutating func schedule(_ event: Event, in seconds: Double) {
            order += 1
            queue.append((now + seconds, order, event))
        }
        mutating func note(_ text: String, of device: Int? = nil) {
            if story.count < 200_000 { story.append((device, "\(Int((now - World.start) * 1000)) ms: \(text)")) }
        }
    }

    /// A world that does not come to rest.
    struct Restless: Error {
        var job: JobRecord
    }

    static let start = 1_750_000_000.0

    private let state: Mutex<State>
    let store: MemoryStore
    let parts: Parts
    private let server = Mutex<(core: ServerCore, workshop: Workshop)?>(nil)
    private let time = Time()

    /// Outside of the state's lock: the store asks for it while that is held.
    private final class Time: Sendable {
        let value = Mutex(World.start)
    }

    init(_ state: State, store content: MemoryStore.Content, parts: Parts) {
        self.state = Mutex(state)
        self.parts = parts
        let time = time
        store = MemoryStore(content) { time.value.withLock { $0 } }
        startServer()
    }

    func with<Value: Sendable>(_ body: (inout State) -> Value) -> Value { state.withLock { body(&$0) } }
    var serverIsDead: Bool { with(\.serverIsDead) }

    private func startServer() {
        let clock: @Sendable () -> Double = { [time] in time.value.withLock { $0 } }
        let board = SignalBoard()
        let core = ServerCore(
            store: store, domain: parts.domain, policy: NamePolicy(domains: [parts.domain]),
            routes: Routes(.auto, chain: parts.chain), board: board, clock: clock, ring: {})
        var workshop = Workshop(
            store: store, vault: Vault(key: parts.key, store: store),
            client: SimulatedNetwork(world: self, looks: parts.looks), authority: parts.issuer,
            chain: parts.chain, firmwarePort: 16993, board: board, clock: clock)
        workshop.attention = .zero
        server.withLock { [workshop] in $0 = (core, workshop) }
    }

    var serverCore: ServerCore {
        guard let server = server.withLock({ $0 }) else { fatalError("no server") }
        return server.core
    }

    // MARK: time

    private func advance(to moment: Double) {
        let now = with { state in
            state.now = max(state.now, moment)
            return state.now
        }
        time.value.withLock { $0 = now }
    }

    /// What happens elsewhere while a request is on its way.
    func passTime() async {
        let moment = with { $0.now + 0.005 + $0.dice.part() * 0.4 }
        advance(to: moment)
        guard
            with({ state in
                defer { state.isHandling = true }
                return !state.isHandling
            })
        else { return }
        await handleDueEvents()
        with { $0.isHandling = false }
    }

    func wait(_ seconds: Double) { advance(to: with { $0.now + seconds }) }

    func chooseFault() -> Fault? {
        let fault: Fault? = with { state in
            state.attempts += 1
            if state.swapsBefore == state.attempts {
                state.swap(0, 1)
                if let seconds = state.swapsFor { state.schedule(.swap(0, 1), in: seconds) }
            }
            let fault: Fault
            if let planned = state.planned, planned.request == state.attempts {
                fault = planned.fault
            } else if let planned = state.plannedToo[state.attempts] {
                fault = planned
            } else {
                guard state.now < state.stormEnds, state.dice.part() < state.likelihood else { return nil }
                let choices = Fault.allCases.filter(state.faults.contains)
                fault = choices[state.dice.below(choices.count)]
            }
            state.struck[fault, default: 0] += 1
            state.note("fault \(fault)", of: state.current)
            let place = state.current
            if fault == .expireNonces { state.devices[place].expireNonces() }
            if fault == .powerCut { state.cutPower(place) }
            return fault
        }
        if fault == .crashInStore {
            let ahead = with { $0.dice.below(6) }
            store.content.withLock { $0.kill = ($0.writes + 1 + ahead, true) }
        }
        return fault
    }

    /// The first device goes away with the end of a step.
    func leavesAfter(_ step: StepName) {
        store.content.withLock { content in
            content.onEvent = { [weak self] event in
                if case .succeeded(step, _) = event { self?.with { $0.devices[0].isAway = true } }
            }
        }
    }

    func killServer() {
        with { $0.serverIsDead = true }
        store.content.withLock { $0.isCutOff = true }
    }

    private func restartServer() async throws {
        store.open()
        try await checkCredentials()
        with { state in
            state.serverIsDead = false
            state.restarts += 1
            state.note("server restarted")
            for place in state.devices.indices { state.devices[place].connection = nil }
        }
        startServer()
        _ = try await store.recover(now: with(\.now))
    }

    // MARK: the loop

    /// Goes on until everything is at rest after the storm, or the time is over.
    func run(until end: Double) async throws {
        // A world computes without ever waiting: others want the thread too.
        await Task.yield()
        while true {
            if store.content.withLock({ $0.isCutOff }) { try await restartServer() }
            let next = with { $0.queue.map(\.time).min() }
            let due = try await store.nextDue()
            guard let moment = [next, due].compactMap({ $0 }).min(), moment <= end else { return }
            advance(to: moment)
            await handleDueEvents()
            do {
                try await runDueJobs()
                if try await isAtRest() { return }
            } catch {
                // Dead in the middle of it; the next turn starts another one.
                guard store.content.withLock({ $0.isCutOff }) else { throw error }
            }
        }
    }

    private func isAtRest() async throws -> Bool {
        guard
            with({ state in
                state.now > state.stormEnds && state.devices.allSatisfy { $0.agent == .idle && $0.isProvisioned }
                    && !state.queue.contains {
                        if case .hello = $0.event { false } else { ![.operatorsRound, .upkeep].contains($0.event) }
                    }
            })
        else { return false }
        guard store.content.withLock({ $0.isSettled }), try await dueForSweep().isEmpty else { return false }
        return failedOrders(try await store.jobs()).isEmpty
    }

    private func runDueJobs() async throws {
        if store.content.withLock({ $0.isCutOff }) { try await restartServer() }
        while let job = try await store.claim(now: with(\.now)) {
            // Some hundreds are usual; a job that comes again and again is found by their number, not by patience.
            guard with({ $0.claims < max(2000, 400 * $0.devices.count) }) else { throw Restless(job: job) }
            with { state in
                state.claims += 1
                state.current = state.devices.firstIndex { job.machine == MachineID(smbios: $0.uuid) } ?? 0
                state.note("job \(job.id) \(job.kind.rawValue)", of: state.current)
            }
            guard let workshop = server.withLock({ $0?.workshop }) else { return }
            do throws(Failure) {
                if let outcome = try await workshop.advance(job) {
                    with { $0.note("job \(job.id): \(outcome)", of: $0.current) }
                    try await serverCore.settle(job, outcome)
                }
            } catch {
                guard store.content.withLock({ $0.isCutOff }) else { throw error }
            }
            if store.content.withLock({ $0.isCutOff }) { try await restartServer() }
        }
    }

    private func handleDueEvents() async {
        while let event = with({ state -> Event? in
            let due = state.queue.indices.filter { state.queue[$0].time <= state.now }
            guard
                let place = due.min(by: {
                    (state.queue[$0].time, state.queue[$0].order) < (state.queue[$1].time, state.queue[$1].order)
                })
            else { return nil }
            return state.queue.remove(at: place).event
        }) { await handle(event) }
    }

    private func handle(_ event: Event) async {
        switch event {
        case .hello(let place): await hello(place)
        case .agent(let place): await agent(place)
        case .rename(let place):
            with { state in
                state.order += 1
                state.devices[place].osName = "ws-\(place)-\(state.order).corp.example.test"
                state.note("is renamed to \(state.devices[place].osName ?? "")", of: place)
                guard state.devices[place].agent == .idle else { return }
                state.devices[place].agent = .wantsSync
                state.schedule(.agent(place), in: 1)
            }
        case .reboot(let place):
            with { state in
                state.note("loses power", of: place)
                state.cutPower(place)
            }
        case .swap(let one, let other):
            with { $0.swap(one, other) }
        case .restartServer: killServer()
        case .operatorsRound:
            await lookAfterWhatIsHeld()
            with { $0.schedule(.operatorsRound, in: 900) }
        case .upkeep:
            _ = try? await serverCore.upkeep(renewBefore: 0)
            with { $0.schedule(.upkeep, in: 3600) }
        }
    }

    private func hello(_ place: Int) async {
        let said: ([UInt8], String)? = with { state in
            state.schedule(.hello(place), in: state.devices[place].isInSetUp ? 60 : 300)
            state.devices[place].tick(state.now)
            guard state.devices[place].isInSetUp, !state.devices[place].isAway else { return nil }
            return (state.devices[place].hello(), state.devices[place].address)
        }
        guard let (bytes, address) = said, case .packet(let packet) = HelloPacket.read(bytes) else { return }
        _ = try? await serverCore.take(packet, from: address)
    }
}

extension World.State {
    mutating func cutPower(_ place: Int) {
        devices[place].powerCut()
        devices[place].connection = nil
        guard devices[place].agent != .idle else { return }
        // The agent's marker: after the boot the true name comes first.
        if let name = devices[place].osName { devices[place].hostOSFQDN = name }
        devices[place].agent = .wantsSync
        schedule(.agent(place), in: 20)
    }
}
