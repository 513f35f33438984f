import AgentCore
import DiskInspection
import Glibc

extension Inspection {
    /// What a person decides from.
    var page: String {
        var lines: [String] = []
        for disk in disks { lines += disk.page + [""] }
        if coversMachine {
            let machine = machineRuling
            let reasons = machine.verdict == .blank ? [] : machine.reasons.map { "machine  \(printable($0))" }
            let shown = reasons + machineNotes
            lines += shown + (shown.isEmpty ? [] : [""])
        }
        if !leftOut.isEmpty {
            lines.append("Left out: \(leftOut.map(printable).joined(separator: ", ")), by --boot-medium.")
        }
        if !coversMachine { lines.append("Only the disks named were looked at: this says nothing about the machine.") }
        lines.append("\(ruling.verdict.word.uppercased()): \(meaning)")
        if ruling.verdict == .blank { lines.append(promise) }
        if let override, disks.contains(where: isOverridden) {
            lines.append(
                "Overridden: the disk with serial \(printable(override.serial)), by \(override.person): "
                    + "\(printable(override.reason))")
        }
        return lines.joined(separator: "\n")
    }

    /// What changes no verdict, and what a person asked for that could not be told.
    private var machineNotes: [String] {
        ProbeID.allCases.flatMap { id -> [String] in
            switch machine[id] {
            case .present(let found):
                found.filter { $0.weight == .information }.map {
                    "machine  found  \($0.indicator.rawValue)  \(printable($0.text))"
                }
            case .indeterminate(let why) where !requiredOfMachine.contains(id):
                ["machine  not told  \(id.rawValue): \(printable(why))"]
            case .absent(let coverage) where id == .inventory:
                coverage.note.map { ["machine  not found  \(printable($0))"] } ?? []
            case .absent, .indeterminate, nil: []
            }
        }
    }

    private var meaning: String {
        switch ruling.verdict {
        case .blank: "proved. A build may write."
        case .factory: "a vendor's image that nobody has set up. Ask before it is overwritten."
        case .unknown: "neither blank nor in use could be proved. Do not write; let a person look at the reasons above."
        case .prior: "something is stored here. Do not write; find out whose it is."
        }
    }
}

extension InspectedDisk {
    fileprivate var page: [String] {
        let what = [device.model, device.serial.map { "serial \($0)" }, device.wwn].compactMap { $0 }.map(printable)
        let size = report.size == 0 ? "size unknown" : bytesForPeople(report.size)
        var lines = [
            ([printable(device.path), size] + what + [report.ruling.verdict.word.uppercased()]).joined(separator: "  ")
        ]
        for partition in report.partitions {
            let name = partition.name.isEmpty ? "" : "  \"\(printable(partition.name))\""
            lines.append(
                "  partition \(partition.number)  \(partition.type)  "
                    + "\(bytesForPeople(partition.extent.upperBound - partition.extent.lowerBound))\(name)")
        }
        for volume in report.volumes {
            let label = volume.label.map { "  \"\(printable($0))\"" } ?? ""
            lines.append("  volume  \(printable(volume.type))\(label)  at \(bytesForPeople(volume.offset))")
        }
        for contents in report.contents { lines += contents.page }
        for evidence in report.evidence {
            let place = evidence.offset.map { " at byte \($0)" } ?? ""
            lines.append("  found  \(evidence.indicator.rawValue)  \(printable(evidence.text))\(place)")
        }
        lines += report.ruling.reasons.prefix(12).map { "  why  \(printable($0))" }
        lines.append("  read  \(bytesForPeople(report.bytesRead))")
        return lines
    }
}

extension VolumeContents {
    fileprivate var page: [String] {
        guard let system else { return [] }
        var lines = ["  system  \(printable(system))  at \(bytesForPeople(offset))"]
        func add(_ name: String, _ value: String?) {
            if let value { lines.append("    \(name)  \(printable(value))") }
        }
        add("host name", hostName)
        add("domain", domain)
        add("owner", owner)
        let names = users.prefix(8).joined(separator: ", ") + (users.count > 8 ? ", …" : "")
        add("users", users.isEmpty ? "none found" : "\(users.count): \(names)")
        add("last used", lastUsed.map(timeForPeople))
        if let marker {
            let time = marker.time.map { ", \(timeForPeople($0))" } ?? ""
            add(
                "built by", "Namesake for machine \(marker.machine ?? "unknown"), job \(marker.job ?? "unknown")\(time)"
            )
        }
        add("managed by", management.isEmpty ? nil : "ConfigMgr (\(management.joined(separator: ", ")))")
        return lines
    }
}

/// In universal time, to the minute.
private func timeForPeople(_ seconds: Int) -> String {
    var (time, parts) = (time_t(seconds), tm())
    guard gmtime_r(&time, &parts) != nil else { return "\(seconds) s after 1970" }
    func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + "\(number)" }
    return "\(1900 + Int(parts.tm_year))-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
        + "\(two(parts.tm_hour)):\(two(parts.tm_min)) UTC"
}

/// With the prefixes of 1000, as disks are sold.
private func bytesForPeople(_ bytes: UInt64) -> String {
    var (rest, tenths) = (bytes, UInt64(0))
    for unit in ["bytes", "kB", "MB", "GB", "TB", "PB"] {
        if rest < 1000 { return unit == "bytes" || rest >= 100 ? "\(rest) \(unit)" : "\(rest).\(tenths) \(unit)" }
        tenths = rest % 1000 / 100
        rest /= 1000
    }
    return "\(bytes) bytes"
}
