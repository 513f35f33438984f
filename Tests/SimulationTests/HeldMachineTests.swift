import Fleet
import Jobs
import Provisioning
import Testing
import Vocabulary

@testable import SimulationKit

/// A machine that is held while a job of it waits, as one that was heard from two addresses in turn is.
@Suite("A held machine with a job that waits")
struct HeldMachineTests {
    /// World 4168: a person's second word began a provisioning beside the re-provisioning that waited, and the machine had
    /// two certificates of ours in the end.
    @Test(
        "goes on by that job alone, however often a person lets it", arguments: [Story.provision, .reprovision])
    func oneJob(story: Story) async throws {
        let bench = try await CrashMatrixTests.Bench()
        let calm = try bench.world(story)
        try await story.begin(in: calm)
        try await calm.run(until: World.start + 86_400)
        let place = try LostCommitTests.requests(of: calm, until: "Create AMT_TLSCredentialContext")
        let world = try bench.world(story)
        try await story.begin(in: world)
        world.with { state in for number in place...(place + 200) { state.plannedToo[number] = .dropBefore } }
        try await world.run(until: World.start + 600)
        let machine = try #require(MachineID(smbios: world.with { $0.devices[0].uuid }))
        let job = try #require(try await world.store.unfinishedJobs(of: machine).first)
        _ = try await world.store.change(machine) { record in
            record?.twins = ["127.0.0.1", "127.0.0.2"]
            record?.holdTwins()
        }
        #expect(try await world.serverCore.retry(machine).id == job.id)
        // It is held no more.
        await #expect(throws: Failure.self) { _ = try await world.serverCore.retry(machine) }
        #expect(try await world.store.device(machine)?.stage == .provisioning)
        #expect(try await world.store.unfinishedJobs(of: machine).map(\.id) == [job.id])
        world.with { $0.plannedToo = [:] }
        try await world.run(until: World.start + 86_400)
        let problems = try await Storm.problems(of: world)
        #expect(problems.isEmpty, "\(problems)")
    }
}
