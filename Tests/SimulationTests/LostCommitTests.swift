import Fleet
import Jobs
import Provisioning
import Testing
import Vocabulary

@testable import SimulationKit

/// A firmware that is managed by a commit which its job could not see.
@Suite("A commit whose answer is lost")
struct LostCommitTests {
    /// The number of the commit's request in a story in which nothing goes wrong.
    static func commit(of story: Story, _ bench: CrashMatrixTests.Bench) async throws -> Int {
        let calm = try bench.world(story)
        try await story.begin(in: calm)
        try await calm.run(until: World.start + 86_400)
        return try requests(of: calm, until: "CommitChanges")
    }

    static func requests(of world: World, until last: String) throws -> Int {
        let sent = world.with { $0.story.map(\.line).filter { $0.firstMatch(of: /ms: [0-9]{3}\ [A-Z]/) != nil } }
        return try #require(sent.firstIndex { $0.contains(last) }) + 1
    }

    /// Worlds 3933 and 6097: the look met somebody else's certificate, which said "not committed", and the job went back
    /// to its own machine as to one in set-up, which is asked without a pin.
    @Test(
        "and somebody else at the address for a moment: the machine is not taken for one in set-up",
        arguments: [Story.provision, .provisionByPassword, .reprovision, .reprovisionByPassword])
    func anotherAtTheAddress(story: Story) async throws {
        let bench = try await CrashMatrixTests.Bench()
        let commit = try await Self.commit(of: story, bench)
        for lost in [World.Fault.stall, .status500, .dropAfter, .crashAfter] {
            for (first, last) in [(1, 1), (2, 2), (1, 2), (1, 4), (3, 3)] {
                let world = try bench.world(story)
                try await story.begin(in: world)
                world.with { state in
                    state.planned = (commit, lost)
                    for number in first...last { state.plannedToo[commit + number] = .otherCertificate }
                }
                try await world.run(until: World.start + 20 * 86_400)
                let problems = try await Storm.problems(of: world)
                if !problems.isEmpty { for (_, line) in world.with(\.story) { print(line) } }
                #expect(problems.isEmpty, "\(lost), then another certificate \(first) to \(last) after it: \(problems)")
            }
        }
    }

    /// Worlds 4733 and 5386: the job ended, since another machine had the address by then, and the machine's agent was
    /// not asked from where it spoke.
    @Test("and the machine at another address from then on: its agent's word leads there")
    func movedForGood() async throws {
        let parts = try Parts()
        let calm = SwapTests.two(parts)
        calm.with { state in for place in 0...1 { state.schedule(.hello(place), in: 1) } }
        try await calm.run(until: World.start + 600)
        let commit = try Self.requests(of: calm, until: "CommitChanges")
        for lost in [World.Fault?.none, .stall] {
            let world = SwapTests.two(parts)
            world.with { state in
                for place in 0...1 { state.schedule(.hello(place), in: 1) }
                for place in 0...1 { state.schedule(.rename(place), in: 400) }
                state.scheduleRounds()
                state.planned = lost.map { (commit, $0) }
                (state.swapsBefore, state.swapsFor) = (commit + 1, nil)
            }
            try await world.run(until: World.start + 20 * 86_400)
            let problems = try await Storm.problems(of: world)
            if !problems.isEmpty { for (_, line) in world.with(\.story) { print(line) } }
            #expect(problems.isEmpty, "\(lost.map { "\($0)" } ?? "answered"): \(problems)")
            #expect(world.with(\.attempts) > commit)
        }
    }
}
