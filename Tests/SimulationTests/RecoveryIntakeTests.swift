import Certificates
import Fleet
import Provisioning
import Synchronization
import Testing
import Vocabulary

@testable import SimulationKit

/// A store that was put back to before a machine's latest job, and that job's recovery export.
@Suite("A recovery export taken in")
struct RecoveryIntakeTests {
    @Test(
        "brings record and secrets; a set-up whose job is forgotten is begun anew by a hello, or by a person's word",
        arguments: [false, true])
    func middleOfSetUp(bySaying: Bool) async throws {
        let parts = try Parts()
        let device = SimulatedDevice(number: 1, roots: [parts.setUpRoot], now: World.start)
        let world = World(
            World.State(devices: [device], now: World.start, dice: Dice(seed: 1)), store: .init(), parts: parts)
        let machine = try #require(MachineID(smbios: device.uuid))
        world.with { state in
            state.schedule(.hello(0), in: 1)
            // The firmware is never reached again, so that the job waits.
            for number in 10...400 { state.plannedToo[number] = .dropBefore }
        }
        try await world.run(until: World.start + 60)
        let record = try #require(try await world.store.device(machine))
        #expect(record.stage == .provisioning)
        let (vault, ring) = (Vault(key: parts.key, store: world.store), KeyRing(parts.key))
        let secrets = try await vault.secrets(of: machine)
        #expect(secrets.contains { $0.purpose == .adminPassword })
        let export = try SealedRecovery(
            try RecoveryExport.plain(record, secrets), of: machine, made: world.with(\.now), before: "commit", job: 1,
            with: ring)

        world.store.content.withLock { $0 = MemoryStore.Content() }
        let restored = Vault(key: parts.key, store: world.store)
        try await restored.takeIn(export, now: world.with(\.now))
        let taken = try #require(try await world.store.device(machine))
        #expect(taken.note?.contains("before commit") == true)
        let password = try await restored.secret(.adminPassword, of: machine)
        #expect(secrets.contains { $0.purpose == .adminPassword && $0.secret == password })
        world.with { state in
            state.plannedToo = [:]
            if bySaying { state.queue = [] }
        }
        if bySaying { _ = try await world.serverCore.retry(machine) }
        try await world.run(until: World.start + 86_400)
        let problems = try await Storm.problems(of: world)
        if !problems.isEmpty { for (_, line) in world.with(\.story) { print(line) } }
        #expect(problems.isEmpty)
    }
}
