import Foundation
import SimulationKit

/// `make worlds`: very many seeds, on all processors, optimised.
///
/// `Worlds [COUNT [FIRST [DAYS]]]`, twenty days when left out; a world that fails is told with its story, and
/// `Worlds 1 SEED` repeats it, as `NAMESAKE_SEED=SEED swift test --filter SimulationTests` does.
@main
struct Worlds {
    static func main() async throws {
        let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
        let (count, first) = (numbers.first ?? 10_000, numbers.dropFirst().first ?? 1)
        let days = numbers.dropFirst(2).first.map { Double($0) } ?? 20
        let start = ContinuousClock.now
        let storm = try await Storm()
        var (totals, ended, failed) = (Storm.Outcome(), 0, 0)
        var seeds = (first..<(first + count)).makeIterator()
        try await withThrowingTaskGroup(of: (UInt64, Storm.Outcome).self) { group in
            func begin() {
                guard let seed = seeds.next() else { return }
                group.addTask { (seed, try await storm.run(seed: seed, days: days)) }
            }
            for _ in 0..<ProcessInfo.processInfo.activeProcessorCount { begin() }
            while let (seed, outcome) = try await group.next() {
                begin()
                ended += 1
                totals.requests += outcome.requests
                totals.restarts += outcome.restarts
                totals.faults += outcome.faults
                totals.jobs += outcome.jobs
                if !outcome.problems.isEmpty {
                    failed += 1
                    print("world \(seed) does not end whole: \(outcome.problems)")
                    if failed == 1 { for line in outcome.lines(ofAll: count == 1) { print("  \(line)") } }
                }
                if ended % 500 == 0 {
                    print("\(ended) worlds, \(Self.seconds(since: start)) s")
                    fflush(nil)
                }
            }
        }
        print(
            "\(ended) worlds of 50 machines, \(failed) not whole: \(totals.requests) requests, \(totals.restarts) restarts, "
                + "\(totals.jobs) jobs, \(totals.faults) faults, \(Self.seconds(since: start)) s")
        if failed > 0 { exit(1) }
    }

    private static func seconds(since start: ContinuousClock.Instant) -> Int64 {
        (ContinuousClock.now - start).components.seconds
    }
}
