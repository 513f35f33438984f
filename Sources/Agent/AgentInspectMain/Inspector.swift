import AgentCore
import DiskInspection
import Glibc

/// Has disks read, and collects what was seen.
struct Inspector {
    /// Only these; all of the machine's where there are none.
    var disks: [String]
    var bootMedium: [String]
    var accept: [AcceptedProbe]
    var sysfs: String
    /// As ``ConfinedReader/patience``.
    var patience: Int

    /// Gives privileges up on the way: it works once.
    func inspect(_ depth: DiskExamination.Depth) -> Inspection {
        var inspection = Inspection(isQuick: depth != .everyByte, coversMachine: disks.isEmpty)
        let all = BlockDevice.all(sysfs: sysfs)
        let left = bootMedium.map { BlockDevice.named($0, sysfs: sysfs).wholeDisk(sysfs: sysfs) }
        inspection.leftOut = bootMedium
        var chosen = disks.map { BlockDevice.named($0, sysfs: sysfs) }
        if disks.isEmpty {
            chosen = (all ?? []).filter { device in !left.contains { $0.kernelName == device.kernelName } }
            inspection.machine = [.disks: controllersAnswer(disks: all.map { _ in chosen }, sysfs: sysfs)]
        }
        // What needs privileges first: opening, and asking drives for their locks.
        var open: [OpenDisk] = []
        for device in chosen {
            do throws(DiskFault) {
                let disk = try Disk(device.path)
                guard device.isBehind(disk.descriptor) else { throw DiskFault(.recognising, ENODEV) }
                let state = DriveState(asking: disk)
                open.append(
                    OpenDisk(
                        device: device, given: state.answers(for: device),
                        mark: ChangeMark(of: disk.descriptor, device, sysfs: sysfs),
                        descriptor: fcntl(disk.descriptor, F_DUPFD_CLOEXEC, 10),
                        size: disk.size))
            } catch {
                let answers: [ProbeID: ProbeAnswer] = [.table: .indeterminate("\(error)")]
                inspection.disks.append(InspectedDisk(device: device, report: .unseen(answers, depth)))
            }
        }
        giveUpPrivileges()
        for disk in open {
            var report = Examinee(disk: disk, depth: depth, patience: patience).examine()
            report.answers.merge(disk.given) { _, ours in ours }
            let after = ChangeMark(of: disk.descriptor, disk.device, sysfs: sysfs)
            report.answers[.unchanged] = unchangedAnswer(before: disk.mark, after: after)
            close(disk.descriptor)
            for probe in accept { probe.accept(in: &report.answers) }
            inspection.disks.append(InspectedDisk(device: disk.device, report: report, mark: disk.mark))
        }
        if disks.isEmpty {
            let partitions = inspection.disks.flatMap(\.report.partitions).compactMap(\.uniqueID)
            inspection.machine[.bootEntries] = bootEntriesAnswer(sysfs: sysfs, present: Set(partitions))
            for probe in accept { probe.accept(in: &inspection.machine) }
        }
        return inspection
    }
}

/// A disk that was opened while that was still allowed.
struct OpenDisk {
    var device: BlockDevice
    var given: [ProbeID: ProbeAnswer]
    /// Before it was read.
    var mark: ChangeMark?
    /// A descriptor of its own, closed after the examination.
    var descriptor: Int32
    /// In bytes.
    var size: UInt64
}

extension DiskReport {
    /// Of a disk that nobody could look at.
    static func unseen(_ answers: [ProbeID: ProbeAnswer], _ depth: DiskExamination.Depth) -> DiskReport {
        var examination = DiskExamination()
        examination.depth = depth
        var report = DiskReport(size: 0, required: examination.required)
        report.answers = answers
        return report
    }
}
