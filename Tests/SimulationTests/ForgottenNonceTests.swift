import Fleet
import Jobs
import Provisioning
import Testing
import Vocabulary

@testable import SimulationKit

/// A firmware that forgets its nonces just when one is used.
@Suite("Nonces that are forgotten")
struct ForgottenNonceTests {
    /// Worlds 5807 and 6825: the nonce of a challenge was gone before its answer came, and the job took that for a refusal
    /// of its password.
    @Test("end no job, at whichever request, alone or between a challenge and its answer", arguments: Story.allCases)
    func everywhere(story: Story) async throws {
        let bench = try await CrashMatrixTests.Bench()
        let calm = try bench.world(story)
        try await story.begin(in: calm)
        try await calm.run(until: World.start + 86_400)
        let (last, jobs) = (calm.with(\.attempts), try await calm.store.jobs().count)
        let challenged = calm.with(\.story).compactMap { $0.line.firstMatch(of: /ms: ([0-9]{3}) [A-Z]/)?.1 }.map {
            $0 == "401"
        }
        try #require(challenged.count == last)
        for number in 1...last {
            // One lost nonce between challenge and answer can be told from a wrong password; two in a row cannot.
            for further in 0...(number > 1 && challenged[number - 2] ? 0 : 1) {
                let world = try bench.world(story)
                try await story.begin(in: world)
                world.with { state in
                    for place in 0...further { state.plannedToo[number + place] = .expireNonces }
                }
                try await world.run(until: World.start + 86_400)
                let failed = try await world.store.jobs().filter { $0.state == .failed }
                if !failed.isEmpty { for (_, line) in world.with(\.story) { print(line) } }
                #expect(failed.isEmpty, "nonces forgotten at request \(number) and \(further) more")
                #expect(try await world.store.jobs().count == jobs)
                #expect(try await Storm.problems(of: world).isEmpty)
            }
        }
    }

    @Test("bring one more try of a password that we set, and none of one that a person gave")
    func tries() async throws {
        let bench = try await CrashMatrixTests.Bench()
        for (story, most) in [(Story.renameWithAccountOfItsOwn, 2), (.adopt, 1)] {
            let world = try bench.world(story)
            try await story.begin(in: world)
            // No nonce is good for longer than a challenge.
            world.with { state in for number in 1...200 { state.plannedToo[number] = .expireNonces } }
            try await world.run(until: World.start + 800)
            let story = world.with { $0.story.map(\.line) }
            let end = try #require(
                story.firstIndex { $0.contains("failed(\(Failure.Code.firmwareAuthenticationRefused.rawValue)") })
            // The first one asks for the challenge.
            #expect(story[..<end].count { $0.contains("ms: 401 ") } == 1 + most)
        }
    }
}
