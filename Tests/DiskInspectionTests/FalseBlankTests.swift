import DiskInspection
import Foundation
import Testing

/// The one bug that cannot be forgiven: a disk with somebody's data that is called blank.
///
/// The oracle below knows what was left on a disk because it put it there; it shares no code with what is tested.
@Suite("No false blank")
struct FalseBlankTests {
    static let size: UInt64 = 200 << 20
    static let block: UInt64 = 4096
    /// 1,000 unless the environment asks for more, as `make torture` does.
    static let mutations = ProcessInfo.processInfo.environment["NAMESAKE_MUTATIONS"].flatMap { Int($0) } ?? 1000
    /// No divisor of the number of kinds, so that each share has all of them.
    static let shares = 5

    /// Smaller edges than the product's, so that grid and samples have something to do on a small image.
    static let plan: ScanPlan = {
        var plan = ScanPlan()
        plan.edge = 4 << 20
        return plan
    }()

    /// What is left on a disk of zeros: pieces by their place.
    struct Remains {
        var kind: String
        var pieces: [UInt64: [UInt8]] = [:]

        /// Whether the promise of `--quick` covers it: then it must not be called blank.
        func isCovered(backups: Set<UInt64>) -> Bool {
            let places = pieces.flatMap { place, bytes in
                bytes.indices.filter { bytes[$0] != 0 }.map { place + UInt64($0) }
            }
            let blocks = Set(places.map { $0 / FalseBlankTests.block })
            let edge = FalseBlankTests.plan.edge
            return blocks.count * 1000 >= Int(FalseBlankTests.size / FalseBlankTests.block)
                || places.contains { $0 % (1 << 20) < FalseBlankTests.block }
                || places.contains { $0 < edge || $0 >= FalseBlankTests.size - edge }
                || places.contains { place in backups.contains { $0 <= place && place < $0 + 1024 } }
        }

        var isEmpty: Bool { pieces.values.allSatisfy { $0.allSatisfy { $0 == 0 } } }
    }

    @Test(
        "a used disk of which 0.1 %, or a byte on the grid, at the edges or in a backup header is left is never blank",
        .enabled(if: Tool.areThere("sgdisk", "mkntfs", "mkfs.vfat", "mkfs.ext4"), Tool.note),
        arguments: 0..<shares)
    func mutations(share: Int) async throws {
        let material = try await Material.shared.value
        var (covered, falseBlanks, kinds): (Int, [String], [String: Int]) = (0, [], [:])
        for seed in stride(from: share, to: Self.mutations, by: Self.shares) {
            let remains = Self.mutate(material, UInt64(seed))
            let isCovered = remains.isCovered(backups: material.backups)
            let isFull = seed % 10 == 0
            guard isCovered || (isFull && !remains.isEmpty) else { continue }
            covered += 1
            kinds[remains.kind, default: 0] += 1
            let image = try Image(Self.size)
            for (place, bytes) in remains.pieces { try image.write(bytes, at: place) }
            let report = try image.examine(quick: !isFull, plan: Self.plan, seed: UInt64(seed))
            if report.ruling.verdict == .blank { falseBlanks.append("seed \(seed): \(remains.kind)") }
        }
        print("false blanks: \(falseBlanks.count) in \(covered) wiped disks of share \(share)", kinds)
        #expect(falseBlanks.isEmpty, "\(falseBlanks)")
        #expect(covered * 10 > Self.mutations / Self.shares * 9, "\(covered) mutations were within the promise")
        #expect(kinds.count >= 4, "\(kinds)")
    }

    @Test("the same plan calls a disk with nothing left blank, so that the property can fail")
    func control() throws {
        #expect(try Image(Self.size).examine(quick: true, plan: Self.plan).ruling.verdict == .blank)
        // What --quick says that it does not see: one byte, off the grid.
        let image = try Image(Self.size)
        try image.write([1], at: 100 << 20 | 777_777)
        #expect(try image.examine(quick: false, plan: Self.plan).ruling.verdict == .unknown)
    }

    /// Blocks of used disks, and where ext keeps its backups by the word of mkfs.
    struct Material: Sendable {
        var blocks: [(place: UInt64, bytes: [UInt8])]
        var backups: Set<UInt64>

        static let shared = Task { try await make() }

        private static func make() async throws -> Material {
            var material = Material(blocks: [], backups: [])
            material.take(try await WorkedCaseTests.windowsLike())
            for size in [1024, 2048, 4096] as [UInt64] {
                let image = try Image(FalseBlankTests.size)
                let output = try await Tool("mkfs.ext4").run(["-F", "-b", "\(size)", image.path])
                let list = try #require(output.split(separator: "stored on blocks:").last)
                // Blocks of 1 KiB have their superblock in the block itself; the numbers count from 0 in all sizes.
                for number in list.prefix(while: { !$0.isLetter }).matches(of: /[0-9]+/) {
                    material.backups.insert(try #require(UInt64(number.0)) * size)
                }
                material.take(image)
            }
            try #require(material.backups.count > 6 && material.blocks.count > 100)
            return material
        }

        private mutating func take(_ image: Image) {
            guard let file = FileHandle(forReadingAtPath: image.path) else { return }
            var place: UInt64 = 0
            while let data = try? file.read(upToCount: Int(FalseBlankTests.block)), !data.isEmpty {
                if data.contains(where: { $0 != 0 }) { blocks.append((place, Array(data))) }
                place += UInt64(data.count)
            }
        }
    }

    private static func mutate(_ material: Material, _ seed: UInt64) -> Remains {
        var generator = SeededGenerator(seed)
        let blocks = size / block
        func byte() -> [UInt8] { [UInt8.random(in: 1...255, using: &generator)] }
        func some(_ count: Int) -> [[UInt8]] {
            (0..<count).map { _ in
                let index = Int.random(in: material.blocks.indices, using: &generator)
                return material.blocks[index].bytes
            }
        }
        switch seed % 6 {
        case 0:
            var remains = Remains(kind: "0.1 % of the surface, scattered")
            for piece in some(Int(blocks / 1000) + 1) {
                remains.pieces[UInt64.random(in: 0..<blocks, using: &generator) * block] = piece
            }
            // Two may have fallen on one place.
            while remains.pieces.count <= Int(blocks / 1000) {
                remains.pieces[UInt64.random(in: 0..<blocks, using: &generator) * block] = byte()
            }
            return remains
        case 1:
            let place = UInt64.random(in: 0..<size >> 20, using: &generator) << 20
            return Remains(
                kind: "a byte on the grid", pieces: [place + UInt64.random(in: 0..<block, using: &generator): byte()])
        case 2:
            let distance = UInt64.random(in: 0..<plan.edge, using: &generator)
            let place = Bool.random(using: &generator) ? distance : size - 1 - distance
            return Remains(kind: "a byte at an edge", pieces: [place: byte()])
        case 3:
            let backups = material.backups.sorted()
            let place = backups[Int.random(in: backups.indices, using: &generator)]
            return Remains(
                kind: "a byte in a backup header",
                pieces: [place + UInt64.random(in: 0..<1024, using: &generator): byte()])
        case 4:
            var remains = Remains(kind: "0.1 % of the surface, in one piece")
            let count = blocks / 1000 + 1
            let start = UInt64.random(in: 0..<blocks - count, using: &generator)
            for (index, piece) in some(Int(count)).enumerated() {
                remains.pieces[(start + UInt64(index)) * block] = piece
            }
            return remains
        default:
            var remains = Remains(kind: "a used disk, wiped in places")
            let kept = Double.random(in: 0.05...0.9, using: &generator)
            for (place, bytes) in material.blocks where Double.random(in: 0..<1, using: &generator) < kept {
                remains.pieces[place] = bytes
            }
            return remains
        }
    }
}
