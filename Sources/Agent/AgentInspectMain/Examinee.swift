import DiskInspection
import Glibc

/// A disk in the hands of its readers, seen from outside.
struct Examinee {
    var disk: OpenDisk
    var depth: DiskExamination.Depth
    /// As ``ConfinedReader/patience``.
    var patience: Int

    /// Has the disk read, then each volume whose files can be, each by a process of its own.
    ///
    /// - Returns: The report; one that proves nothing where the disk's reader died, fell silent or said something else.
    func examine() -> DiskReport {
        var report = surface(depth)
        guard depth != .ends, depth != .table, !report.readableVolumes.isEmpty else { return report }
        var (contents, troubles): ([VolumeContents], [String]) = ([], [])
        for (volume, extent) in report.readableVolumes.prefix(Self.volumesRead) {
            switch read(volume, extent) {
            case .report(let found): contents.append(found)
            case .unproved(let why):
                let label = volume.label.map { " \"\($0)\"" } ?? ""
                troubles.append("the files of the \(volume.type) volume\(label): \(why)")
            }
        }
        report.take(contents, troubles: troubles)
        if report.isFactoryCandidate, report.ruling.verdict != .prior {
            let gaps = surface(.gaps)
            report.answers[.gaps] = gaps.answers[.gaps]
            report.bytesRead += gaps.bytesRead
        }
        return report
    }

    /// More on one disk are more than a person decides from.
    private static let volumesRead = 32

    private func surface(_ depth: DiskExamination.Depth) -> DiskReport {
        let reader = ConfinedReader(
            arguments: [Examiner.diskWord, depth.rawValue], descriptor: disk.descriptor, name: name, patience: patience)
        switch reader.report(DiskReport.self) {
        case .unproved(let why): return unproved(why, depth)
        case .report(let report):
            // What has to be proved is for this side to say, and about which disk.
            guard report.size == disk.size, report.required == DiskReport.unseen([:], depth).required else {
                return unproved("its reader reported on something else", depth)
            }
            return report
        }
    }

    private func read(_ volume: Volume, _ extent: Range<UInt64>) -> ConfinedReader.Outcome<VolumeContents> {
        let words = [Examiner.volumeWord, volume.type, "\(extent.lowerBound)", "\(extent.upperBound)"]
        let reader = ConfinedReader(arguments: words, descriptor: disk.descriptor, name: name, patience: patience)
        let outcome = reader.report(VolumeContents.self)
        if case .report(let contents) = outcome, contents.offset != volume.offset || contents.type != volume.type {
            return .unproved("its reader reported on something else")
        }
        return outcome
    }

    private var name: String { disk.device.kernelName ?? disk.device.path }

    private func unproved(_ why: String, _ depth: DiskExamination.Depth) -> DiskReport {
        .unseen([.table: .indeterminate(why), .gaps: .indeterminate(why)], depth)
    }
}
