import CLibBlkid
import Glibc

/// What libblkid knows of a disk and of each window on it.
struct BlkidFindings: Hashable, Sendable {
    var volumes: [Volume] = []
    /// Partition tables that it sees, by its words.
    var tables: Set<String> = []
    /// Why something could not be looked at.
    var troubles: [String] = []
    /// In bytes.
    var looked: UInt64 = 0

    /// Looks at the whole disk and at each window.
    ///
    /// All hits are kept, since one volume may hold an image of another and libblkid then names the wrong one; the backup
    /// GPT is asked for, and damaged superblocks count.
    static func look(at disk: borrowing Disk, windows: [Range<UInt64>]) -> BlkidFindings {
        var findings = BlkidFindings()
        let whole = 0..<disk.size
        for window in [whole] + windows where !window.isEmpty {
            findings.look(at: disk.descriptor, window, isWhole: window == whole)
        }
        return findings
    }

    private mutating func look(at descriptor: Int32, _ window: Range<UInt64>, isWhole: Bool) {
        guard let probe = blkid_new_probe() else { return troubles.append("libblkid: out of memory") }
        defer { blkid_free_probe(probe) }
        let length = window.upperBound - window.lowerBound
        let offset = blkid_loff_t(window.lowerBound)
        guard blkid_probe_set_device(probe, descriptor, offset, blkid_loff_t(length)) == 0,
            blkid_probe_enable_superblocks(probe, 1) == 0,
            blkid_probe_set_superblocks_flags(
                probe,
                BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_MAGIC
                    | BLKID_SUBLKS_BADCSUM) == 0,
            blkid_probe_enable_partitions(probe, 1) == 0,
            blkid_probe_set_partitions_flags(probe, BLKID_PARTS_FORCE_GPT | BLKID_PARTS_MAGIC) == 0
        else { return troubles.append("libblkid: cannot look at byte \(window.lowerBound)") }
        // Each call gives one hit, and each superblock prober and table prober has at most one.
        for _ in 0..<256 {
            errno = 0
            switch blkid_do_probe(probe) {
            case 0: keep(probe, window.lowerBound, isWhole: isWhole)
            case 1:
                looked += length
                return
            default:
                return troubles.append("libblkid: error \(errno) at byte \(window.lowerBound)")
            }
        }
        troubles.append("libblkid: no end at byte \(window.lowerBound)")
    }

    private mutating func keep(_ probe: blkid_probe, _ offset: UInt64, isWhole: Bool) {
        if let table = Self.value("PTTYPE", of: probe) {
            if isWhole { tables.insert(table) }
            return
        }
        volumes.append(
            Volume(
                type: Self.value("TYPE", of: probe) ?? "unnamed", usage: Self.value("USAGE", of: probe) ?? "other",
                label: Self.value("LABEL", of: probe), uuid: Self.value("UUID", of: probe), offset: offset))
    }

    private static func value(_ name: String, of probe: blkid_probe) -> String? {
        var (bytes, count): (UnsafePointer<CChar>?, Int) = (nil, 0)
        guard blkid_probe_lookup_value(probe, name, &bytes, &count) == 0, let bytes else { return nil }
        return String(cString: bytes)
    }

    /// As an answer, beside what our own reader of tables found.
    func answer(besides own: TableFindings) -> ProbeAnswer {
        var evidence = volumes.map(\.evidence) + volumes.compactMap(\.recoveryEvidence)
        let schemes = Set(own.tables.map(\.scheme))
        for table in tables.sorted() {
            // Volumes with a boot sector look like an MBR to it.
            let isKnown =
                table == "gpt" ? schemes.contains(.gpt) : table == "dos" || table == "PMBR" ? !schemes.isEmpty : false
            guard !isKnown else { continue }
            let weight: Evidence.Weight = table == "dos" || table == "PMBR" ? .weak : .unprovable
            evidence.append(Evidence(.partitions, weight, "a partition table of the kind \(table)"))
        }
        if !evidence.isEmpty {
            return .present(evidence + troubles.map { Evidence(.readError, .unprovable, $0) })
        }
        if let trouble = troubles.first { return .indeterminate(trouble) }
        return .absent(Coverage(planned: looked, read: looked))
    }
}
