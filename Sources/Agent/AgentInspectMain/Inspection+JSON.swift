import AgentCore
import DiskInspection

extension Inspection {
    /// As `Documentation/schemas/inspect.json` says.
    var json: JSONText {
        let ruling = ruling
        return .object([
            .init("command", .text("inspect")), .init("agentVersion", .text(agentVersion)),
            .init("exitStatus", .number(Int(permission.verdict.exitStatus))),
            .init("verdict", .text(ruling.verdict.word)),
            .init("reasons", .list(ruling.reasons.map { .text($0) })), .init("quick", .boolean(isQuick)),
            .init("coversMachine", .boolean(coversMachine)), .init("promise", .text(promise)),
            .init("leftOut", .list(leftOut.map { .text($0) })),
            .init("override", overrideJSON),
            .init("machine", .list(ProbeID.allCases.compactMap { id in machine[id].map { probe(id, $0) } })),
            .init("disks", .list(disks.map(\.json))),
        ])
    }
}

extension Inspection {
    private var overrideJSON: JSONText {
        guard let override, disks.contains(where: isOverridden) else { return .null }
        return .object([
            .init("serial", .text(override.serial)), .init("reason", .text(override.reason)),
            .init("person", .text(override.person)),
        ])
    }
}

extension InspectedDisk {
    fileprivate var json: JSONText {
        let ruling = report.ruling
        let answered = report.answers.keys.filter { !report.required.contains($0) }
        let probes = report.required + answered.sorted { $0.rawValue < $1.rawValue }
        return .object([
            .init("path", .text(device.path)), .init("model", .optional(device.model)),
            .init("serial", .optional(device.serial)), .init("wwn", .optional(device.wwn)),
            .init("size", .number(Int(clamping: report.size))), .init("verdict", .text(ruling.verdict.word)),
            .init("reasons", .list(ruling.reasons.map { .text($0) })),
            .init("bytesRead", .number(Int(clamping: report.bytesRead))),
            .init("partitions", .list(report.partitions.map(\.json))),
            .init("volumes", .list(report.volumes.map(\.json))),
            .init("contents", .list(report.contents.map(\.json))),
            .init("probes", .list(probes.map { probe($0, report.answers[$0]) })),
        ])
    }
}

extension Partition {
    fileprivate var json: JSONText {
        .object([
            .init("number", .number(number)), .init("type", .text(type)), .init("name", .text(name)),
            .init("start", .number(Int(clamping: extent.lowerBound))),
            .init("length", .number(Int(clamping: extent.upperBound - extent.lowerBound))),
        ])
    }
}

extension Volume {
    fileprivate var json: JSONText {
        .object([
            .init("type", .text(type)), .init("usage", .text(usage)), .init("label", .optional(label)),
            .init("uuid", .optional(uuid)), .init("offset", .number(Int(clamping: offset))),
        ])
    }
}

extension VolumeContents {
    fileprivate var json: JSONText {
        .object([
            .init("type", .text(type)), .init("offset", .number(Int(clamping: offset))),
            .init("clean", .boolean(isClean)),
            .init("system", .optional(system)), .init("hostName", .optional(hostName)),
            .init("domain", .optional(domain)), .init("owner", .optional(owner)),
            .init("users", .list(users.map { .text($0) })),
            .init("lastUsed", lastUsed.map { .number($0) } ?? .null),
            .init("management", .list(management.map { .text($0) })),
            .init("marker", marker?.json ?? .null),
            .init(
                "factoryConditions",
                factory.map { .list($0.map(\.rawValue).sorted().map { .number($0) }) } ?? .null),
        ])
    }
}

extension BuildMarker {
    fileprivate var json: JSONText {
        .object([
            .init("machine", .optional(machine)), .init("job", .optional(job)),
            .init("time", time.map { .number($0) } ?? .null),
        ])
    }
}

private func probe(_ id: ProbeID, _ answer: ProbeAnswer?) -> JSONText {
    let (word, note, evidence): (String, String?, [Evidence]) =
        switch answer {
        case nil: ("not-run", nil, [])
        case .present(let found): ("present", nil, found)
        case .absent(let coverage): ("absent", coverage.note, [])
        case .indeterminate(let why): ("indeterminate", why, [])
        }
    return .object([
        .init("probe", .text(id.rawValue)), .init("answer", .text(word)), .init("note", .optional(note)),
        .init(
            "evidence",
            .list(
                evidence.map {
                    .object([
                        .init("indicator", .text($0.indicator.rawValue)), .init("weight", .text($0.weight.rawValue)),
                        .init("text", .text($0.text)),
                        .init("offset", $0.offset.map { .number(Int(clamping: $0)) } ?? .null),
                    ])
                })),
    ])
}
