/// One disk's probes, in the order in which they find most for the least reading.
package struct DiskExamination: Sendable {
    package var plan = ScanPlan()
    package var depth = Depth.everyByte
    /// Probes beyond those of the surface that a proof needs; what cannot be asked is handed in as an answer.
    package var given: [ProbeID: ProbeAnswer] = [:]

    /// How much is read.
    package enum Depth: String, CaseIterable, Sendable {
        case everyByte = "every-byte"
        case samples
        /// Only where headers are: enough to see that a disk that was proved blank is not in use since.
        case ends
        /// Only the table, and every byte that no partition has.
        case gaps
        /// Only the table: what is on a disk that nothing is to be proved of.
        case table
    }

    package init() {}

    package var required: [ProbeID] {
        let ends: [ProbeID] = [.lock, .nativeSize, .unchanged, .table, .signatures, .secondHeaders, .edges]
        return switch depth {
        case .gaps: [.table, .gaps]
        case .table: [.table]
        case .ends: ends
        case .samples: ends + [.grid, .samples]
        case .everyByte: ends + [.grid, .samples, .surface]
        }
    }

    /// A step's name, the bytes of it done so far, and those planned.
    package typealias Progress = (ProbeID, UInt64, UInt64) -> Void

    /// Reads the disk until it is proved blank, or until it cannot be any more.
    package func examine(
        _ disk: borrowing Disk, using generator: inout some RandomNumberGenerator,
        progress: Progress = { _, _, _ in }
    ) -> DiskReport {
        var report = DiskReport(size: disk.size, required: required)
        report.answers = given
        guard disk.size > 0 else {
            report.answers[.table] = .indeterminate("there is no medium, or it has no size")
            return report
        }
        let findings: TableFindings
        do throws(DiskFault) { findings = try TableFindings.read(disk) } catch {
            report.answers[.table] = .present([Evidence(.readError, .unprovable, "\(error)")])
            return report
        }
        report.partitions = findings.partitions
        report.answers[.table] = findings.answer
        guard depth != .table else { return report }
        let extents = findings.partitions.map(\.extent)
        guard depth != .gaps else {
            readGaps(of: disk, findings, into: &report, progress)
            return report
        }
        let known = BlkidFindings.look(at: disk, windows: extents)
        report.volumes = known.volumes
        report.answers[.signatures] = known.answer(besides: findings)
        var reader = SurfaceReader(excused: findings.ownBytes)

        func take(_ id: ProbeID, _ ranges: some Sequence<Range<UInt64>>, bytes planned: UInt64, note: String? = nil) {
            guard !report.isDecided else { return }
            var done: UInt64 = 0
            let tally = reader.read(ranges, of: disk) { count in
                done += count
                progress(id, done, planned)
            }
            report.bytesRead += tally.read
            report.answers[id] = tally.answer(
                partitions: extents, isSampling: [.grid, .samples, .surface].contains(id), note: note)
        }
        let (size, block) = (disk.size, ScanPlan.block)
        let headers = plan.secondHeaders(size, in: [0..<size] + extents)
        take(.secondHeaders, headers, bytes: UInt64(headers.count) * block)
        take(.edges, plan.edges(size), bytes: min(size, 2 * plan.edge))
        guard depth != .ends else { return report }
        take(.grid, plan.grid(size), bytes: (size + plan.gridStep - 1) / plan.gridStep * block)
        // Twenty thousand random numbers are not free.
        guard !report.isDecided else { return report }
        let samples = plan.samples(size, using: &generator)
        take(
            .samples, samples, bytes: UInt64(samples.count) * block,
            note:
                "misses content in 0.1 % of the disk with a chance of \(chanceOfOverlooking(share: 0.001, samples: samples.count))"
        )
        if depth == .everyByte, !report.isNotBlank { take(.surface, plan.surface(size), bytes: size) }
        report.lowerTable()
        return report
    }

    private func readGaps(
        of disk: borrowing Disk, _ findings: TableFindings, into report: inout DiskReport, _ progress: Progress
    ) {
        let taken = findings.partitions.map(\.extent)
        var (gaps, place): ([Range<UInt64>], UInt64) = ([], 0)
        for extent in taken.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if place < extent.lowerBound { gaps.append(place..<extent.lowerBound) }
            place = max(place, extent.upperBound)
        }
        if place < disk.size { gaps.append(place..<disk.size) }
        var reader = SurfaceReader(excused: findings.ownBytes)
        let planned = gaps.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
        var done: UInt64 = 0
        let tally = reader.read(gaps, of: disk) { count in
            done += count
            progress(.gaps, done, planned)
        }
        report.bytesRead += tally.read
        switch tally.answer(partitions: taken, isSampling: false) {
        case .present(let found):
            report.answers[.gaps] = .present(
                found.map { $0.indicator == .content ? Evidence(.gap, $0.weight, $0.text, at: $0.offset) : $0 })
        case let other: report.answers[.gaps] = other
        }
    }
}
