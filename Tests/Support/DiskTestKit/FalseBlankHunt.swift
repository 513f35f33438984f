import AgentTestKit
package import DiskInspection
import Glibc

/// Has wiped disks examined as `inspect` does, and counts those that are called blank although something is left.
package final class FalseBlankHunt {
    package struct Score: Sendable {
        /// Disks that the promise covers.
        package var tried = 0
        /// Of these, those of which every byte was read.
        package var inFull = 0
        /// Disks with less left than the promise covers; they are not examined.
        package var uncovered = 0
        package var kinds: [String: Int] = [:]
        package var verdicts: [String: Int] = [:]
        /// What a person needs to see it again.
        package var falseBlanks: [String] = []

        package init() {}

        package mutating func add(_ other: Score) {
            tried += other.tried
            inFull += other.inFull
            uncovered += other.uncovered
            kinds.merge(other.kinds, uniquingKeysWith: +)
            verdicts.merge(other.verdicts, uniquingKeysWith: +)
            falseBlanks += other.falseBlanks
        }
    }

    private let used: UsedDisks
    /// A wiped disk of each fill; what a trial leaves on it is taken away afterwards.
    private let images: [UInt8: Image]

    /// - Throws: `Trouble`.
    package init(_ used: UsedDisks) throws {
        self.used = used
        let ones = try Image(WipedDisk.size)
        try ones.fill(0xFF, 0..<ones.size)
        images = [0x00: try Image(WipedDisk.size), 0xFF: ones]
    }

    /// Both wiped disks, with nothing left on them, as the hunt would have them examined.
    ///
    /// - Throws: `Trouble`.
    package func bareVerdicts() throws -> [DiskVerdict] {
        try images.values.flatMap { image in
            try [true, false].map { try image.examine(quick: $0, plan: WipedDisk.plan).ruling.verdict }
        }
    }

    /// - Throws: `Trouble`.
    package func score(seed: Int) throws -> Score {
        let disk = WipedDisk(seed: seed, of: used)
        var score = Score()
        guard disk.isCovered(backups: used.backups) else {
            score.uncovered = 1
            return score
        }
        guard let image = images[disk.fill] else { throw Trouble("no image of \(disk.fill)") }
        try write(disk.pieces, to: image)
        let verdict = try image.examine(quick: !disk.isReadInFull, plan: WipedDisk.plan, seed: UInt64(seed)).ruling
            .verdict
        try write(disk.pieces.mapValues { [UInt8](repeating: disk.fill, count: $0.count) }, to: image)
        score.tried = 1
        score.inFull = disk.isReadInFull ? 1 : 0
        score.kinds[disk.kind.rawValue] = 1
        score.verdicts[verdict.word] = 1
        if verdict == .blank {
            score.falseBlanks = ["seed \(seed), \(disk.kind.rawValue), at \(disk.pieces.keys.sorted().prefix(8))"]
        }
        return score
    }

    private func write(_ pieces: [UInt64: [UInt8]], to image: Image) throws {
        let descriptor = open(image.path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Trouble("\(image.path): \(errno)") }
        defer { close(descriptor) }
        for (place, bytes) in pieces where pwrite(descriptor, bytes, bytes.count, off_t(place)) != bytes.count {
            throw Trouble("\(image.path): \(errno)")
        }
    }
}
