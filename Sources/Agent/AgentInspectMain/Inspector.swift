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
    /// What counts only because a person says so.
    var policy = Policy()

    struct Policy {
        /// In bytes: a drive that wrote more was in use.
        var mostWritten: UInt64?
        /// A list of machines that somebody keeps.
        var inventory: String?
        /// Whether one that is on it counts as a prior installation.
        var refusesKnown = false
    }

    /// Gives privileges up on the way: it works once.
    func inspect(_ depth: DiskExamination.Depth) -> Inspection {
        var inspection = Inspection(isQuick: depth != .everyByte, coversMachine: disks.isEmpty)
        if policy.inventory != nil, policy.refusesKnown { inspection.requiredOfMachine.append(.inventory) }
        let all = BlockDevice.all(sysfs: sysfs)
        let left = bootMedium.map { BlockDevice.named($0, sysfs: sysfs).wholeDisk(sysfs: sysfs) }
        inspection.leftOut = bootMedium
        var chosen = disks.map { BlockDevice.named($0, sysfs: sysfs) }
        if disks.isEmpty {
            chosen = (all ?? []).filter { device in !left.contains { $0.kernelName == device.kernelName } }
            inspection.machine = askMachine(all.map { _ in chosen })
        }
        // What needs privileges first: opening, and asking drives for their locks.
        var open: [OpenDisk] = []
        for device in chosen {
            do throws(DiskFault) {
                let disk = try Disk(device.path)
                guard device.isBehind(disk.descriptor) else { throw DiskFault(.recognising, ENODEV) }
                let state = DriveState(asking: disk, device)
                open.append(
                    OpenDisk(
                        device: device, given: state.answers(for: device, mostWritten: policy.mostWritten),
                        mark: ChangeMark(of: disk.descriptor, device, sysfs: sysfs),
                        descriptor: fcntl(disk.descriptor, F_DUPFD_CLOEXEC, 10),
                        size: disk.size))
            } catch {
                let answers: [ProbeID: ProbeAnswer] = [.table: .indeterminate("\(error)")]
                inspection.disks.append(InspectedDisk(device: device, report: .unseen(answers, depth)))
            }
        }
        let media = disks.isEmpty ? left.compactMap(openMedium) : []
        giveUpPrivileges()
        for disk in open {
            var report = Examinee(disk: disk, depth: depth, patience: patience).examine()
            report.answers.merge(disk.given) { _, ours in ours }
            if policy.mostWritten != nil { report.required.append(.wear) }
            let after = ChangeMark(of: disk.descriptor, disk.device, sysfs: sysfs)
            report.answers[.unchanged] = unchangedAnswer(before: disk.mark, after: after)
            close(disk.descriptor)
            for probe in accept { probe.accept(in: &report.answers) }
            inspection.disks.append(InspectedDisk(device: disk.device, report: report, mark: disk.mark))
        }
        if disks.isEmpty {
            let partitions = inspection.disks.flatMap(\.report.partitions).compactMap(\.uniqueID)
            let ofMedia = media.flatMap { medium in
                defer { close(medium.descriptor) }
                return Examinee(disk: medium, depth: .table, patience: patience).examine().partitions
            }.compactMap(\.uniqueID)
            inspection.machine[.bootEntries] = bootEntriesAnswer(
                sysfs: sysfs, present: Set(partitions), bootMedium: Set(ofMedia))
            for probe in accept { probe.accept(in: &inspection.machine) }
        }
        return inspection
    }

    /// What is no disk's, as far as it takes privileges.
    private func askMachine(_ disks: [BlockDevice]?) -> [ProbeID: ProbeAnswer] {
        var answers: [ProbeID: ProbeAnswer] = [
            .disks: controllersAnswer(disks: disks, sysfs: sysfs), .administration: administrationAnswer(sysfs: sysfs),
        ]
        if let inventory = policy.inventory {
            let marks = MachineMarks(sysfs: sysfs, disks: disks ?? [])
            answers[.inventory] = inventoryAnswer(inventory, marks: marks, forbids: policy.refusesKnown)
        }
        return answers
    }

    /// Only its table is of interest: which partitions are its own, and so no trace of a former system.
    private func openMedium(_ device: BlockDevice) -> OpenDisk? {
        guard let disk = try? Disk(device.path), device.isBehind(disk.descriptor) else { return nil }
        return OpenDisk(
            device: device, given: [:], descriptor: fcntl(disk.descriptor, F_DUPFD_CLOEXEC, 10), size: disk.size)
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
