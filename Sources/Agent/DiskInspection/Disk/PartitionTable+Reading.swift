extension TableFindings {
    /// Reads both copies of a GPT, for sectors of 512 and of 4096 bytes, and an MBR.
    ///
    /// Both sizes, because a disk shows another one behind a USB bridge than without. The backup is read wherever it may be,
    /// because the front alone is easily wiped.
    ///
    /// - Throws: ``DiskFault``.
    package static func read(_ disk: borrowing Disk) throws(DiskFault) -> TableFindings {
        var findings = TableFindings()
        for sector in [512, 4096] as [UInt64] where disk.size >= 4 * sector {
            let primary = try gptHeader(disk, at: sector, sector: sector, &findings)
            let last = disk.size / sector * sector - sector
            let pointed = primary.flatMap { $0.other < disk.size / sector ? $0.other * sector : nil }
            let backups = Set([last, pointed].compactMap { $0 }).filter { $0 >= 2 * sector && $0 <= last }
            for place in backups.sorted() {
                guard var backup = try gptHeader(disk, at: place, sector: sector, &findings) else { continue }
                if primary == nil { backup.table.isBackup = true }
                findings.tables.append(backup.table)
            }
            if let primary { findings.tables.insert(primary.table, at: 0) }
        }
        try readMBR(disk, into: &findings)
        return findings
    }

    /// UEFI 2.10, tables 5.5 and 5.6.
    private static func gptHeader(
        _ disk: borrowing Disk, at offset: UInt64, sector: UInt64, _ findings: inout TableFindings
    ) throws(DiskFault) -> (table: PartitionTable, other: UInt64)? {
        var header = try disk.bytes(at: offset, count: 512)
        guard header.starts(with: Array("EFI PART".utf8)) else { return nil }
        let (length, crc) = (Int(little(header, 12, 4)), UInt32(little(header, 16, 4)))
        let (place, count) = (little(header, 72, 8), little(header, 80, 4))
        let (width, entriesCRC) = (little(header, 84, 4), UInt32(little(header, 88, 4)))
        header.replaceSubrange(16..<20, with: [0, 0, 0, 0])
        guard (92...512).contains(length), crc32(header.prefix(length)) == crc else {
            findings.damaged[offset] = "a GPT header with a wrong checksum"
            return nil
        }
        guard count <= 1024, (128...4096).contains(width), place < disk.size / sector,
            count * width <= disk.size - place * sector
        else {
            findings.damaged[offset] = "a GPT header that points outside of the disk"
            return nil
        }
        let entries = try disk.bytes(at: place * sector, count: Int(count * width))
        guard crc32(entries) == entriesCRC else {
            findings.damaged[offset] = "a GPT whose entries have a wrong checksum"
            return nil
        }
        let partitions = (0..<Int(count)).compactMap { index -> Partition? in
            let entry = entries[(index * Int(width))...].prefix(128)
            return partition(entry, number: index + 1, sector: sector, size: disk.size)
        }
        let own = [offset..<offset + sector, place * sector..<place * sector + count * width]
        return (PartitionTable(scheme: .gpt, partitions: partitions, ownBytes: own), little(header, 32, 8))
    }

    private static func partition(
        _ entry: ArraySlice<UInt8>, number: Int, sector: UInt64, size: UInt64
    ) -> Partition? {
        guard entry.prefix(16).contains(where: { $0 != 0 }) else { return nil }
        let (first, last) = (little(entry, 32, 8), little(entry, 40, 8))
        let start = min(first.multipliedReportingOverflow(by: sector).partialValue, size)
        let end = last < size / sector ? max(start, (last + 1) * sector) : size
        let units = stride(from: 56, to: 128, by: 2).map { UInt16(little(entry, $0, 2)) }.prefix { $0 != 0 }
        return Partition(
            number: number, type: guidText(entry.prefix(16)), name: String(decoding: units, as: UTF16.self),
            uniqueID: guidText(entry.dropFirst(16).prefix(16)),
            extent: (first < size / sector ? start : size)..<max(end, first < size / sector ? start : size))
    }

    /// The four entries of sector 0, and the chain below an extended partition.
    private static func readMBR(_ disk: borrowing Disk, into findings: inout TableFindings) throws(DiskFault) {
        guard disk.size >= 512 else { return }
        let sector = try disk.bytes(at: 0, count: 512)
        // A volume without a table has the same two bytes at its end; its own signature speaks for it.
        guard sector[510] == 0x55, sector[511] == 0xAA, !RawSignature.isBootSector(sector[...]) else { return }
        findings.hasBootCode = sector[..<440].contains { $0 != 0 }
        var (partitions, own): ([Partition], [Range<UInt64>]) = ([], [0..<512])
        for index in 0..<4 {
            let (type, extent) = entry(sector, index, base: 0, size: disk.size)
            if [0x05, 0x0F, 0x85].contains(type) {
                try readChain(disk, extent.lowerBound, into: &partitions, &own)
            } else if type != 0, type != 0xEE {
                partitions.append(Partition(number: index + 1, type: twoDigits(type), name: "", extent: extent))
            }
        }
        findings.tables.append(PartitionTable(scheme: .mbr, partitions: partitions, ownBytes: own))
    }

    private static func readChain(
        _ disk: borrowing Disk, _ extended: UInt64, into partitions: inout [Partition], _ own: inout [Range<UInt64>]
    ) throws(DiskFault) {
        var place = extended
        // No system makes more; a chain may bite its own tail.
        for number in 5..<133 where place + 512 <= disk.size {
            let sector = try disk.bytes(at: place, count: 512)
            guard sector[510] == 0x55, sector[511] == 0xAA else { return }
            own.append(place..<place + 512)
            let (type, extent) = entry(sector, 0, base: place, size: disk.size)
            if type != 0 {
                partitions.append(Partition(number: number, type: twoDigits(type), name: "", extent: extent))
            }
            let (next, link) = entry(sector, 1, base: extended, size: disk.size)
            guard next != 0, link.lowerBound != place else { return }
            place = link.lowerBound
        }
    }

    private static func entry(
        _ sector: [UInt8], _ index: Int, base: UInt64, size: UInt64
    ) -> (type: UInt8, extent: Range<UInt64>) {
        let at = 446 + 16 * index
        let start = min(base + little(sector, at + 8, 4) * 512, size)
        return (sector[at + 4], start..<min(start + little(sector, at + 12, 4) * 512, size))
    }
}
