import DiskInspection
import DiskTestKit
import Foundation
import Testing

/// The one bug that cannot be forgiven: a disk with somebody's data that is called blank.
///
/// What is left on each disk, and whether the promise covers it, is told by ``WipedDisk``, which put it there.
@Suite("No false blank", .enabled(if: UsedDisks.isPossible, Tool.note))
struct FalseBlankTests {
    /// `make torture` tries 100,000.
    static let mutations =
        ProcessInfo.processInfo.environment["NAMESAKE_MUTATIONS"].flatMap { Int($0) } ?? 1000
    /// No divisor of a number of kinds, so that each share has all of them.
    static let shares = 5

    @Test(
        "a used disk of which 0.1 %, or a byte on the grid, at the edges or in a backup header is left is never blank",
        arguments: 0..<shares)
    func mutations(share: Int) async throws {
        let hunt = try FalseBlankHunt(try await UsedDisks.shared.value)
        var score = FalseBlankHunt.Score()
        for seed in stride(from: share, to: Self.mutations, by: Self.shares) { score.add(try hunt.score(seed: seed)) }
        print("false blanks: \(score.falseBlanks.count) in \(score.tried) wiped disks of share \(share)", score.kinds)
        #expect(score.falseBlanks.isEmpty, "\(score.falseBlanks)")
        #expect(score.uncovered * 10 < score.tried, "\(score.uncovered) disks were not within the promise")
        #expect(score.inFull > 0 && score.kinds.count == WipedDisk.Kind.allCases.count, "\(score.kinds)")
        #expect(score.verdicts.keys.contains("unknown") && score.verdicts.keys.contains("prior"))
    }

    @Test("the same plan calls a disk with nothing left blank, so that the property can fail")
    func control() async throws {
        let hunt = try FalseBlankHunt(try await UsedDisks.shared.value)
        #expect(try hunt.bareVerdicts() == [.blank, .blank, .blank, .blank])
        // What --quick says that it does not see: one byte, off the grid.
        let image = try Image(WipedDisk.size)
        try image.write([1], at: 100 << 20 | 777_777)
        #expect(try image.examine(quick: false, plan: WipedDisk.plan).ruling.verdict == .unknown)
    }
}
