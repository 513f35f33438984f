import Fleet
import Jobs
import Provisioning
import Testing
import Vocabulary

@testable import SimulationKit

/// What may be left of temporary accounts, in the firmware and in the record.
@Suite("Accounts that are left")
struct LeftAccountTests {
    @Test("of a job of the same number, which a store that was put back has forgotten, goes before the new one is made")
    func restored() async throws {
        let bench = try await CrashMatrixTests.Bench()
        let story = Story.renameWithAccountOfItsOwn
        let calm = try bench.world(story)
        try await story.begin(in: calm)
        try await calm.run(until: World.start + 86_400)
        let number = try #require(try await calm.store.jobs().last?.id.number)
        let world = try bench.world(story)
        world.with { $0.devices[0].leaveAccount("nsk-\(String(number, radix: 36))") }
        try await story.begin(in: world)
        try await world.run(until: World.start + 86_400)
        #expect(try await world.store.jobs().allSatisfy { $0.state == .done })
        #expect(try await Storm.problems(of: world).isEmpty)
    }

    /// Of all pairs of faults at the end of each job this alone leaves it: the removal's answer is lost, and before the
    /// next look another machine has the address, to which nothing may be said.
    @Test("in the record alone, by a job that could not look any more, are seen to within the hour")
    func lostRemoval() async throws {
        let bench = try await CrashMatrixTests.Bench()
        let story = Story.renameWithAccountOfProvisioning
        let calm = try bench.world(story)
        try await story.begin(in: calm)
        try await calm.run(until: World.start + 86_400)
        let last = calm.with(\.attempts)
        let world = try bench.world(story)
        try await story.begin(in: world)
        world.with { state in (state.plannedToo[last], state.plannedToo[last + 1]) = (.dropAfter, .otherCertificate) }
        // The server has not looked after it yet.
        try await world.run(until: World.start + 600)
        let device = try #require(try await world.store.devices().first)
        #expect(world.with { $0.devices[0].users } == [] && device.firmware?.account?.name == "nsk-1")
        #expect(try await Storm.problems(of: world).count == 1)
        try await world.run(until: World.start + 86_400)
        #expect(try await world.store.device(device.machine)?.firmware?.account == nil)
        #expect(try await Storm.problems(of: world).isEmpty)
        #expect(try await world.store.jobs().last?.kind == .sweep)
    }

    /// The whole matrix found it at once for reprovision: the failure had removed the account, and the job wanted it.
    @Test(
        "that are gone are made again where a person lets a job go on, be it hours later, and are removed at its end",
        arguments: [Story.renameWithAccountOfItsOwn, .reprovision, .unprovision, .unprovisionInFull, .renew], [0, 7200])
    func retried(story: Story, later: Double) async throws {
        let bench = try await CrashMatrixTests.Bench()
        let calm = try bench.world(story)
        try await story.begin(in: calm)
        try await calm.run(until: World.start + 86_400)
        var count = 0
        for number in 1...calm.with(\.attempts) {
            let world = try bench.world(story)
            try await story.begin(in: world)
            // Nobody makes his round: whether the job goes on is this test's word.
            world.with { state in
                state.queue.removeAll { $0.event == .operatorsRound }
                state.planned = (number, .refused)
            }
            try await world.run(until: World.start + 10)
            try await world.run(until: World.start + 3600)
            guard let failed = try await world.store.jobs().last, failed.state == .failed else { continue }
            count += 1
            try await world.run(until: world.with(\.now) + later)
            world.wait(later)
            _ = try await world.serverCore.retry(failed)
            try await world.run(until: world.with(\.now) + 86_400)
            let end = try #require(try await world.store.job(failed.id))
            if end.state != .done { for (_, line) in world.with(\.story) { print(line) } }
            #expect(end.state == .done, "refused at request \(number): \(String(describing: end.failure))")
            let stays = [.unprovision, .unprovisionInFull].contains(story) ? nil : Optional(0)
            #expect(stays == nil || world.with { $0.devices[0].users.count } == stays, "refused at \(number)")
        }
        #expect(count > 0, "no job failed")
    }
}
