import Certificates
import Fleet
import Jobs
import Provisioning
import Synchronization
import Vocabulary

/// What befalls a world of fifty machines, by its seed, and what does not hold at its end.
package struct Storm: Sendable {
    static let devices = 50

    let parts: Parts
    private let state: World.State
    private let content: MemoryStore.Content

    /// One line of what does not hold; the device is -1 where it is no device's.
    package struct Problem: Sendable, CustomStringConvertible {
        package var device: Int
        package var what: String
        package var description: String { "device \(device): \(what)" }
    }

    /// What one world came to.
    package struct Outcome: Sendable {
        package var problems: [Problem] = []
        package var story: [(device: Int?, line: String)] = []
        package var requests = 0
        package var restarts = 0
        package var jobs = 0
        package var faults = 0

        package init() {}

        /// The whole story, or that of the machines for which something does not hold.
        package func lines(ofAll: Bool) -> [String] {
            let places = Set(problems.map(\.device))
            return story.filter { ofAll || $0.device.map(places.contains) ?? true }.map { device, line in
                device.map { "device \($0), \(line)" } ?? line
            }
        }
    }

    /// Makes what every world begins with: most of the machines are provisioned.
    package init() async throws {
        parts = try Parts()
        let roots = [parts.setUpRoot]
        let devices = (0..<Self.devices).map { SimulatedDevice(number: $0 + 1, roots: roots, now: World.start) }
        let world = World(
            World.State(devices: devices, now: World.start, dice: Dice(seed: 0)), store: .init(), parts: parts)
        world.with { state in
            for place in 0..<(Self.devices * 4 / 5) { state.schedule(.hello(place), in: 1) }
        }
        try await world.run(until: World.start + 600)
        (state, content) = (world.with { $0 }, world.store.content.withLock { $0 })
    }

    /// Runs one world to its end.
    ///
    /// - Parameters:
    ///   - seed: The same seed, the same world.
    ///   - writesBehind: How many writes its disk forgets at a kill; 0 for a good disk.
    ///   - days: When patience is over.
    /// - Returns: What it came to, problems among it.
    /// - Throws: Where the simulation itself fails.
    package func run(seed: UInt64, writesBehind: Int = 0, days: Double = 20) async throws -> Outcome {
        let world = world(seed: seed)
        world.store.content.withLock { $0.writesBehind = writesBehind }
        var outcome = Outcome()
        do {
            try await world.run(until: World.start + days * 86_400)
            outcome.problems = try await Self.problems(of: world)
        } catch let error as World.Restless {
            outcome.problems = [Problem(device: world.with(\.current), what: "\(error)")]
        }
        outcome.jobs = try await world.store.jobs().count
        world.with { state in
            outcome.story = state.story
            outcome.requests = state.requests
            outcome.restarts = state.restarts
            outcome.faults = state.struck.values.reduce(0, +)
        }
        return outcome
    }

    private func world(seed: UInt64) -> World {
        var state = state
        state.dice = Dice(seed: seed)
        state.queue = []
        state.stormEnds = state.now + 900
        // Each fourth world has it worse.
        state.likelihood = seed.isMultiple(of: 4) ? 0.08 : 0.02
        for place in state.devices.indices { state.schedule(.hello(place), in: state.dice.part() * 120) }
        for _ in 0..<12 {
            let place = state.dice.below(state.devices.count)
            state.schedule(.rename(place), in: state.dice.part() * 600)
            // Some are renamed once more in the middle of it.
            if state.dice.below(4) == 0 { state.schedule(.rename(place), in: state.dice.part() * 600) }
        }
        for _ in 0..<6 { state.schedule(.reboot(state.dice.below(state.devices.count)), in: state.dice.part() * 900) }
        for _ in 0..<4 {
            let one = state.dice.below(state.devices.count)
            let other = state.dice.below(state.devices.count)
            let at = state.dice.part() * 600
            state.schedule(.swap(one, other), in: at)
            if state.dice.below(2) == 0 { state.schedule(.swap(one, other), in: at + 60 + state.dice.part() * 200) }
        }
        for _ in 0..<3 { state.schedule(.restartServer, in: state.dice.part() * 900) }
        state.scheduleRounds()
        return World(state, store: content, parts: parts)
    }

    /// What does not hold at the end, a line each.
    static func problems(of world: World) async throws -> [Problem] {
        let vault = Vault(key: world.parts.key, store: world.store)
        var problems: [Problem] = []
        for (place, device) in world.with({ $0.devices }).enumerated() {
            guard let machine = MachineID(smbios: device.uuid),
                let record = try await world.store.device(machine)
            else {
                problems.append(Problem(device: place, what: "no record"))
                continue
            }
            func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
                guard !holds else { return }
                problems.append(
                    Problem(device: place, what: "\(what()) [\(record.stage.rawValue), \(record.note ?? "-")]"))
            }
            expect(device.isProvisioned && record.stage == .managed, "not managed: set-up \(device.isInSetUp)")
            guard device.isProvisioned, let firmware = record.firmware else { continue }
            let password = try await vault.secret(.adminPassword, of: machine)
            expect(
                password.reveal { adminHash($0, realm: firmware.digestRealm) } == device.adminHash,
                "the store's admin password does not work")
            let name = device.name
            expect(firmware.name.text == name, "the record says \(firmware.name), the firmware \(name)")
            expect(record.name.text == name, "the record's name is \(record.name), the firmware's \(name)")
            expect(
                (device.certificates == 1 && device.keys == 1) || firmware.mayHoldLeftovers == true,
                "\(device.certificates) certificates, \(device.keys) keys")
            let known = firmware.account.map { [$0.name] } ?? []
            expect(device.users == known, "accounts \(device.users), the record says \(known)")
            expect(Upkeep.sweepDue(of: firmware) > world.with(\.now), "its accounts should have been looked through")
            let presented = try Certificate(der: device.presented)
            expect(firmware.pin == presented.publicKey.pin.hexadecimal, "the pin is not what it presents")
            expect(presented.dnsNames.contains(name), "it presents \(presented.dnsNames)")
            if let wanted = device.osName {
                expect(name == wanted && device.synced == wanted, "wanted \(wanted), is \(name), agent \(device.agent)")
                expect(device.hostOSFQDN == wanted, "HostOSFQDN \(device.hostOSFQDN)")
            }
        }
        problems += world.with(\.violations).map { Problem(device: $0.device, what: $0.what) }
        for job in try await world.store.jobs() where !job.state.isFinal {
            problems.append(
                Problem(
                    device: -1, what: "job \(job.id) is \(job.state.rawValue): \(job.failure.map { "\($0)" } ?? "-")"))
        }
        return problems
    }
}
