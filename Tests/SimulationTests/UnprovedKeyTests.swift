import Jobs
import Provisioning
import Testing
import Vocabulary

@testable import SimulationKit

/// A firmware that presents what a job had issued that failed, while the next job issues another one.
///
/// World 1904 found it: the next job's certificate took the place of the one that the firmware presented, and when the
/// connection was lost then, no key that the store knew was the firmware's: the machine was lost.
@Suite("A key that was issued and not proved")
struct UnprovedKeyTests {
    @Test("is not forgotten over the next one: the machine ends whole, wherever the next job is cut off")
    func nextJob() async throws {
        let bench = try await CrashMatrixTests.Bench()
        let story = Story.renameWithAccountOfItsOwn
        let calm = try bench.world(story)
        try await story.begin(in: calm)
        try await calm.run(until: World.start + 86_400)
        let requests = calm.with { $0.story.map(\.line).filter { $0.firstMatch(of: /ms: [0-9]{3}\ [A-Z]/) != nil } }
        let place = try #require(requests.firstIndex { $0.contains("CommitChanges") })
        let commit = place + 1
        var failed = 0
        for number in (commit + 3)...(commit + 20) {
            let world = try bench.world(story)
            try await story.begin(in: world)
            world.with { state in
                // The commit is done, and neither its answer nor those to two looks can be read: the job ends there.
                for lost in commit...(commit + 2) { state.plannedToo[lost] = .garbage }
                state.plannedToo[number] = .dropAfter
            }
            try await world.run(until: World.start + 86_400)
            let problems = try await Storm.problems(of: world)
            if !problems.isEmpty { for (_, line) in world.with(\.story).prefix(120) { print(line) } }
            #expect(problems.isEmpty, "the next job cut off at request \(number): \(problems)")
            failed += try await world.store.jobs().filter { $0.state == .failed }.count
        }
        #expect(failed > 0, "no job failed at its commit")
    }
}
