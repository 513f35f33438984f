import DiskInspection
import DiskTestKit
import Glibc
import Testing

/// What `--quick` says of its certainty is what its samples give.
@Suite("The plan of a scan")
struct PlanTests {
    @Test("one sample lies in each stratum, and none outside of the disk", arguments: [1, 4096, 4097, 123_456_789])
    func strata(size: UInt64) {
        var plan = ScanPlan(), generator = SeededGenerator(size)
        plan.sampleCount = 300
        let samples = plan.samples(size, using: &generator)
        let blocks = (size + 4095) / 4096
        #expect(samples.count == Int(min(300, blocks)))
        #expect(samples.allSatisfy { !$0.isEmpty && $0.upperBound <= size && $0.lowerBound % 4096 == 0 })
        let expected = samples.indices.map { index in
            let (whole, rest) = blocks.quotientAndRemainder(dividingBy: UInt64(samples.count))
            let start = UInt64(index) * whole + min(UInt64(index), rest)
            return start..<start + whole + (UInt64(index) < rest ? 1 : 0)
        }
        #expect(zip(samples, expected).allSatisfy { $1.contains($0.lowerBound / 4096) })
    }

    @Test("whatever a disk's and its volumes' size, all that is planned lies within the disk")
    func bounds() {
        var generator = SeededGenerator(5)
        let plan = ScanPlan()
        for round in 0..<400 {
            // Around the powers of two, where headers and copies are.
            let power = UInt64(1) << UInt64.random(in: 0...40, using: &generator)
            let size = max(1, power &+ UInt64.random(in: 0...8192, using: &generator) &- 4096 * UInt64(round % 2))
            guard size < 1 << 42 else { continue }
            let start = UInt64.random(in: 0..<size, using: &generator)
            let extents = [0..<size, start..<UInt64.random(in: start...size, using: &generator)]
            for range in plan.secondHeaders(size, in: extents) + plan.edges(size) {
                #expect(!range.isEmpty && range.upperBound <= size)
            }
            #expect(plan.grid(min(size, 1 << 33)).allSatisfy { !$0.isEmpty && $0.upperBound <= size })
        }
    }

    @Test("content is overlooked no more often than the formula says, scattered or in one piece")
    func chance() {
        // 1 % of 20,000 blocks, looked for by 200 samples: (1 - 0.01)^200 is 13 %.
        var plan = ScanPlan(), generator = SeededGenerator(7)
        plan.sampleCount = 200
        let blocks: UInt64 = 20_000, rounds = 2000
        var missed = (scattered: 0, whole: 0)
        for _ in 0..<rounds {
            var content: Set<UInt64> = []
            while content.count < 200 { content.insert(UInt64.random(in: 0..<blocks, using: &generator)) }
            let start = UInt64.random(in: 0...blocks - 200, using: &generator)
            let seen = plan.samples(blocks * 4096, using: &generator).map { $0.lowerBound / 4096 }
            if !seen.contains(where: content.contains) { missed.scattered += 1 }
            if !seen.contains(where: (start..<start + 200).contains) { missed.whole += 1 }
        }
        let expected = chanceOfOverlooking(share: 0.01, samples: 200) * Double(rounds)
        // Four standard deviations, of numbers that the seed fixes.
        let most = expected + 4 * expected.squareRoot()
        #expect(Double(missed.scattered) < most && missed.scattered > 0, "\(missed), expected \(expected)")
        #expect(missed.whole == 0, "two strata at least lie within it")
    }

    @Test("the certainty that the documentation states is that of 20,000 samples")
    func documented() {
        let chance = chanceOfOverlooking(share: 0.001, samples: ScanPlan().sampleCount)
        #expect(abs(chance - pow(0.999, 20_000)) < 1e-15)
        #expect((1 - chance) * 100 >= 99.999_999_7 && chance < 2.1e-9)
    }
}
