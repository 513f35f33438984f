/// One of the twelve things (F1 to F12) that are all true of a vendor's image that nobody has set up.
package enum FactoryCondition: Int, CaseIterable, Codable, Sendable {
    case oneWindowsAlone = 1
    case allowedPartitions, cleanVolumes, readableHives, setupPending, imageStateAgrees, builtInAccountsOnly
    case noProfiles, noMembership, noTraceOfUse, noLateFiles, otherDisksConstant
}

extension Indicator {
    /// What every vendor's image has, so that it says nothing against one.
    var isInFactoryImages: Bool {
        switch self {
        case .partitions, .windowsVolume, .content, .bootCode: true
        default: false
        }
    }
}

extension DiskReport {
    /// What has to be answered where a factory image is to be proved: that there is content is known then.
    private static let requiredOfFactory: [ProbeID] = [
        .lock, .nativeSize, .unchanged, .table, .signatures, .contents, .gaps,
    ]

    /// Types of section 3.6 of the reference on prior installations that vendors use, without those for data.
    private static let vendorTypes: Set<String> = [
        "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "E3C9E316-0B5C-4DB8-817D-F92DF00215AE",
        "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "BFBFAFE7-A34F-448A-9A5B-6213EB736C22",
        "F4019732-066E-4E12-8273-346C5641494F", "D3BFE2DE-3DAF-11DF-BA40-E3A556D89593",
    ]
    private static let basicData = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"

    /// Exactly one Windows is there, and it says of itself how far it is.
    package var isFactoryCandidate: Bool { contents.count { $0.factory != nil } == 1 }

    /// The conditions that are proved, of the disk and of the volumes on it.
    ///
    /// That other disks are constant is proved by their own verdicts: a machine has the worst of them.
    package var factoryConditions: Set<FactoryCondition> {
        guard isFactoryCandidate, let windows = contents.compactMap(\.factory).first else { return [] }
        var proved = windows.union([.otherDisksConstant])
        if !evidence.contains(where: { "ELMO".contains($0.indicator.rawValue.prefix(1)) }) {
            proved.insert(.oneWindowsAlone)
        }
        let types = partitions.map(\.type)
        let areAllowed = types.allSatisfy { Self.vendorTypes.contains($0) || $0 == Self.basicData }
        if areAllowed, types.count(where: { $0 == Self.basicData }) == 1, case .absent = answers[.gaps] {
            proved.insert(.allowedPartitions)
        }
        let read = Set(contents.map(\.offset))
        // What cannot be read, such as exFAT, may hold anything.
        let areRead = volumes.allSatisfy { read.contains($0.offset) }
        if !areRead || contents.contains(where: { !$0.isClean }) { proved.remove(.cleanVolumes) }
        return proved
    }

    package var ruling: Ruling {
        isFactoryCandidate
            ? rule(
                required: Self.requiredOfFactory, answers: answers, factory: factoryConditions, isCandidate: true)
            : rule(required: required, answers: answers)
    }
}
