import Fleet
import Jobs
import Provisioning
import Synchronization
import Testing
import Vocabulary

@testable import SimulationKit

/// A firmware that may have been taken back, or not: the answer is lost, and who answers then tells nothing of it.
@Suite("An unprovisioning whose answer is lost")
struct LostUnprovisioningTests {
    @Test(
        "is taken for done by the machine's own word alone: what opens it is kept",
        arguments: [Story.unprovision, .unprovisionInFull, .reprovision],
        [World.Fault.dropBefore, .dropAfter, .stall])
    func nobodyTells(story: Story, lost: World.Fault) async throws {
        let bench = try await CrashMatrixTests.Bench()
        let calm = try bench.world(story)
        try await story.begin(in: calm)
        try await calm.run(until: World.start + 86_400)
        let place = try LostCommitTests.requests(of: calm, until: "rovision AMT_SetupAndConfigurationService")
        for after in [World.Fault.otherCertificate, nil] {
            let world = try bench.world(story)
            try await story.begin(in: world)
            world.with { state in
                state.planned = (place, lost)
                // Another machine has its address, or it is off, for long enough to try many times.
                if let after { for number in 1...40 { state.plannedToo[place + number] = after } }
            }
            if after == nil {
                // Switched off as soon as the request is out.
                world.store.content.withLock { content in
                    content.onEvent = { [weak world] event in
                        if case .failed(UnprovisionStep.name, _) = event { world?.with { $0.devices[0].isAway = true } }
                    }
                }
            }
            try await world.run(until: World.start + 5 * 3600)
            let machine = try #require(MachineID(smbios: world.with { $0.devices[0].uuid }))
            if world.with({ $0.devices[0].isProvisioned }) {
                let vault = Vault(key: world.parts.key, store: world.store)
                #expect(
                    try await vault.holds(.adminPassword, of: machine), "\(lost), then \(String(describing: after))")
                #expect(try await world.store.device(machine)?.firmware != nil)
            }
            // Back again: the person's rounds, the hello, and the job's next look end it.
            world.store.content.withLock { $0.onEvent = nil }
            world.with { state in
                state.plannedToo = [:]
                state.devices[0].isAway = false
            }
            try await world.run(until: World.start + 20 * 86_400)
            let problems = try await Storm.problems(of: world)
            if !problems.isEmpty { for (_, line) in world.with(\.story) { print(line) } }
            #expect(problems.isEmpty, "\(lost), then \(String(describing: after)): \(problems)")
        }
    }

    /// World 2792: the machine said hello from where it was, and was held for it, since its record was managed still.
    @Test(
        "is found where the machine says hello from, be it elsewhere by then",
        arguments: [World.Fault.dropAfter, .stall])
    func movedForGood(lost: World.Fault) async throws {
        let parts = try Parts()
        func begin() async throws -> World {
            let world = SwapTests.two(parts)
            world.with { state in for place in 0...1 { state.schedule(.hello(place), in: 1) } }
            try await world.run(until: World.start + 600)
            let machine = try #require(MachineID(smbios: world.with { $0.devices[0].uuid }))
            _ = try await world.serverCore.begin(.reprovision, of: machine, dryRun: false)
            return world
        }
        let calm = try await begin()
        try await calm.run(until: World.start + 86_400)
        let place = try LostCommitTests.requests(of: calm, until: "PartialUnprovision")
        for swap in (place + 1)...(place + 4) {
            let world = try await begin()
            world.with { state in
                state.scheduleRounds()
                state.planned = (place, lost)
                (state.swapsBefore, state.swapsFor) = (swap, nil)
            }
            try await world.run(until: World.start + 20 * 86_400)
            let problems = try await Storm.problems(of: world)
            if !problems.isEmpty { for (_, line) in world.with(\.story) { print(line) } }
            #expect(problems.isEmpty, "swapped for good before request \(swap): \(problems)")
        }
    }
}
