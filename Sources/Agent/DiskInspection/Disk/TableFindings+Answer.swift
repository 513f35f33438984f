extension TableFindings {
    /// As an answer: even an empty table is not blank.
    package var answer: ProbeAnswer {
        var evidence = damaged.sorted { $0.key < $1.key }.map { offset, what in
            Evidence(.backupHeader, .unprovable, what, at: offset)
        }
        for table in tables {
            let name = table.scheme.rawValue
            if table.isBackup {
                evidence.append(
                    Evidence(
                        .backupTableOnly, .strong,
                        "a backup \(name) with \(table.partitions.count) partitions, the first copy is gone",
                        at: table.ownBytes.first?.lowerBound))
            } else if table.partitions.isEmpty {
                evidence.append(Evidence(.emptyTable, .weak, "an empty \(name)", at: table.ownBytes.first?.lowerBound))
            } else {
                evidence.append(
                    Evidence(
                        .partitions, .strong, "a \(name) with \(table.partitions.count) partitions",
                        at: table.ownBytes.first?.lowerBound))
            }
        }
        for partition in partitions {
            if partition.isForRecovery {
                evidence.append(
                    Evidence(
                        .recoveryPartition, .information, "partition \(partition.number) is a vendor's or for recovery",
                        at: partition.extent.lowerBound))
            }
            // An MBR's type says too little to be more than a partition.
            guard partition.type.count > 2 else { continue }
            let (meaning, weight) = Self.types[partition.type] ?? ("something unknown", .unprovable)
            evidence.append(
                Evidence(
                    .partitionType, weight, "partition \(partition.number) is for \(meaning)",
                    at: partition.extent.lowerBound))
        }
        if hasBootCode { evidence.append(Evidence(.bootCode, .weak, "boot code before the partition table", at: 0)) }
        return evidence.isEmpty ? .absent(Coverage(planned: 512, read: 512)) : .present(evidence)
    }

    /// GPT types that say more than that there is a partition.
    ///
    /// Section 3.6 of the reference on prior installations; a type that is not there lets nothing be proved.
    private static let types: [String: (String, Evidence.Weight)] = [
        "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3": ("a dynamic disk's database", .blocking),
        "AF9B60A0-1431-4F62-BC68-3311714A69AD": ("a dynamic disk's volumes", .blocking),
        "E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D": ("Storage Spaces", .blocking),
        "37AFFC90-EF7D-4E96-91C3-2D7AE055B174": ("GPFS", .blocking),
        "AA31E02A-400F-11DB-9590-000C2911D1B8": ("VMFS", .blocking),
        "0FC63DAF-8483-4772-8E79-3D69D8477DE4": ("Linux data", .blocking),
        "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F": ("Linux swap", .blocking),
        "A19D880F-05FC-4D3B-A006-743F0F84911E": ("Linux RAID", .blocking),
        "E6D6D379-F507-44C2-A23C-238F2A3DF928": ("LVM", .blocking),
        "7C3457EF-0000-11AA-AA11-00306543ECAC": ("APFS", .strong),
        "48465300-0000-11AA-AA11-00306543ECAC": ("HFS+", .strong),
        "CA7D7CCB-63ED-4C53-861C-1742536059CC": ("LUKS", .strong),
        "6A898CC3-1DD2-11B2-99A6-080020736631": ("ZFS", .strong),
        "C12A7328-F81F-11D2-BA4B-00A0C93EC93B": ("EFI boot files", .information),
        "E3C9E316-0B5C-4DB8-817D-F92DF00215AE": ("Microsoft's reserve", .information),
        "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7": ("basic data, as Windows writes it", .information),
        "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC": ("Windows recovery", .information),
    ]
}
