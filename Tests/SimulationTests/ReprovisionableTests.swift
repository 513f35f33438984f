import Jobs
import Provisioning
import Testing
import Vocabulary

@testable import SimulationKit

/// What is asked before partial unprovisioning, because nothing brings a machine back that set-up would refuse.
@Suite("Partial unprovisioning, asked for beforehand")
struct ReprovisionableTests {
    @Test(
        "the suffix that the firmware was given in MEBx decides, where it has one",
        arguments: [("elsewhere.test", false), ("corp.example.test", true), ("", true)])
    func suffix(given: String, goes: Bool) async throws {
        let world = try await CrashMatrixTests.Bench().world(.reprovision)
        world.with { $0.devices[0].giveSuffix(given) }
        try await Story.reprovision.begin(in: world)
        world.with { state in state.queue.removeAll { $0.event == .operatorsRound } }
        try await world.run(until: World.start + 3600)
        let job = try #require(try await world.store.jobs().last { $0.kind == .reprovision })
        #expect((job.state == .done) == goes, "\(job)")
        let words = world.with { $0.story.map(\.line) }
        #expect(words.contains { $0.contains("PartialUnprovision") } == goes)
        if !goes {
            #expect(job.failure?.code == .noSuitableChain, "\(job)")
            #expect(job.failure?.message.contains("is not in \(given)") == true, "\(job)")
        }
        #expect(world.with { $0.devices[0].isProvisioned && $0.devices[0].users.isEmpty })
    }
}
