import DiskTestKit
import Foundation
import Synchronization

/// `make torture`: looks for a used disk that is called blank, in as many seeds as it is told.
///
/// An optimised program of its own, because the tests are built for finding faults and take ten times as long.
@main
struct FalseBlanks {
    static func main() async throws {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        guard let count = numbers.first, count > 0, numbers.count == CommandLine.arguments.count - 1 else {
            print("usage: FalseBlanks COUNT [PROCESSORS]")
            exit(64)
        }
        guard UsedDisks.isPossible else {
            print("The tools that make disks are not installed; packaging/install-build-packages installs them.")
            exit(69)
        }
        let used = try await UsedDisks.shared.value
        print("used disks: \(used.disks.map { "\($0.name) (\($0.blocks.count) blocks)" }.joined(separator: ", "))")
        print("backup headers: \(used.backups.count)")
        let workers = min(numbers.dropFirst().first ?? ProcessInfo.processInfo.activeProcessorCount, count)
        let tally = Tally(count: count)
        try await withThrowingTaskGroup { group in
            for worker in 0..<workers {
                group.addTask {
                    let hunt = try FalseBlankHunt(used)
                    for seed in stride(from: worker, to: count, by: workers) { tally.add(try hunt.score(seed: seed)) }
                }
            }
            try await group.waitForAll()
        }
        let score = tally.score
        print("false blanks: \(score.falseBlanks.count) in \(score.tried) wiped disks, in \(tally.seconds) s")
        print("every byte read of \(score.inFull); \(score.uncovered) had less left than the promise covers")
        for (kind, number) in score.kinds.sorted(by: { $0.key < $1.key }) { print("  \(number)  \(kind)") }
        for (verdict, number) in score.verdicts.sorted(by: { $0.key < $1.key }) { print("  \(number)  \(verdict)") }
        for line in score.falseBlanks { print(line) }
        exit(score.falseBlanks.isEmpty ? 0 : 1)
    }
}

/// The score of all workers, told from time to time.
private final class Tally: Sendable {
    private let count: Int
    private let began = ContinuousClock.now
    private let state = Mutex((score: FalseBlankHunt.Score(), done: 0))

    init(count: Int) { self.count = count }

    var score: FalseBlankHunt.Score { state.withLock { $0.score } }
    var seconds: Int { Int(began.duration(to: .now) / .seconds(1)) }

    func add(_ score: FalseBlankHunt.Score) {
        let line: String? = state.withLock { state in
            state.score.add(score)
            state.done += 1
            let isDue = state.done % (isatty(STDOUT_FILENO) == 1 ? 50 : 5000) == 0
            guard isDue else { return nil }
            let rate = Double(state.done) / max(began.duration(to: .now) / .seconds(1), 0.001)
            let left = Int(Double(count - state.done) / rate)
            return "\(state.done) of \(count), \(state.score.falseBlanks.count) false blanks, "
                + "\(Int(rate)) a second, \(left / 60) min \(left % 60) s left"
        }
        guard let line else { return }
        if isatty(STDOUT_FILENO) == 1 { print("\r\u{1B}[K\(line)", terminator: "") } else { print(line) }
        fflush(nil)
    }
}
