import AgentCore
import DiskInspection

/// One disk, and what was seen on it.
struct InspectedDisk {
    var device: BlockDevice
    var report: DiskReport
    /// Before it was read; nil where nobody tells.
    var mark: ChangeMark?
}

/// All that was seen.
struct Inspection {
    var isQuick: Bool
    /// False when only named disks were looked at: then it says nothing about the machine.
    var coversMachine: Bool
    var disks: [InspectedDisk] = []
    var machine: [ProbeID: ProbeAnswer] = [:]
    var requiredOfMachine: [ProbeID] = [.disks, .bootEntries]
    var leftOut: [String] = []
    /// What a person took upon themselves; nil where nobody did, or no disk has that serial.
    var override: Override?

    func isOverridden(_ disk: InspectedDisk) -> Bool {
        disk.report.ruling.verdict != .blank && disksOfOverride.count == 1
            && disk.device.serial == override?.serial
    }

    /// Those with the serial that a person named: where there are several, nobody can tell which one was meant.
    var disksOfOverride: [InspectedDisk] {
        override.map { override in disks.filter { $0.device.serial == override.serial } } ?? []
    }

    /// Whether a build may write: all is proved blank, but for the disk that a person has decided on.
    var allowsWriting: Bool { permission.verdict == .blank }

    /// As the ruling, without the disk that a person has decided on.
    var permission: Ruling {
        guard disks.contains(where: isOverridden) else { return ruling }
        var parts = disks.map { ($0.device.path, isOverridden($0) ? Self.overridden : $0.report.ruling) }
        if coversMachine { parts.append(("machine", machineRuling)) }
        return combine(parts)
    }

    private static let overridden = Ruling(.blank, ["a person has decided"])

    var ruling: Ruling {
        var parts = disks.map { ($0.device.path, $0.report.ruling) }
        if coversMachine { parts.append(("machine", machineRuling)) }
        return combine(parts)
    }

    /// On what is no disk's.
    var machineRuling: Ruling { rule(required: requiredOfMachine, answers: machine) }

    /// What a blank verdict promises, and what it does not.
    var promise: String {
        isQuick
            ? """
            Read: both ends (64 MiB each), 4 KiB at every 1 MiB, the places of backup headers and 20,000 samples of each \
            disk. Not proved: that nothing is stored in less than 0.1 % of a disk, away from those places.
            """
            : "Read: every byte of each disk. Not proved: what a drive keeps outside of the size that it shows."
    }
}
