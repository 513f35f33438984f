/// Whether there is a disk, and whether every controller of mass storage shows its disks: the probe `disks`.
///
/// A controller in RAID or VMD mode hides them from a system that lacks its driver, and a machine full of data then looks
/// like one without a disk.
package func controllersAnswer(disks: [BlockDevice]?, sysfs: String) -> ProbeAnswer {
    guard let disks else { return .indeterminate("sysfs is not mounted, so the disks are not known") }
    var evidence: [Evidence] = []
    if disks.isEmpty { evidence.append(Evidence(.noDisk, .unprovable, "no disk is to be seen")) }
    let folder = "\(sysfs)/bus/pci/devices"
    for name in (BlockDevice.entries(folder) ?? []).sorted() {
        // PCI code and ID assignment: base class 01 is mass storage; 0805 is a controller of SD cards and eMMC.
        guard let code = BlockDevice.line("\(folder)/\(name)/class"),
            ["0x01", "0x0805"].contains(where: code.hasPrefix)
        else { continue }
        let place = BlockDevice.target("\(folder)/\(name)") ?? ""
        let hasDriver = BlockDevice.target("\(folder)/\(name)/driver") != nil
        let showsDisk = disks.contains { $0.place.hasPrefix(place + "/") }
        let trouble: String? =
            switch code.prefix(6) {
            case _ where !hasDriver: "no driver for the storage controller \(name)"
            // RAID, VMD among it.
            case "0x0104" where !showsDisk: "the controller \(name) is in RAID or VMD mode and shows no disk"
            // Such a controller is a drive: without a namespace it is a dead one, or one that hides.
            case "0x0108" where !hasNamespace(place, sysfs: sysfs): "the NVMe drive \(name) shows no disk"
            default: nil
            }
        if let trouble { evidence.append(Evidence(.noDisk, .unprovable, trouble)) }
        // Linux, Documentation/ABI: NVMe drives behind an AHCI controller that no driver reaches (Intel RST).
        if let count = BlockDevice.line("\(folder)/\(name)/remapped_nvme"), count != "0" {
            evidence.append(
                Evidence(
                    .noDisk, .unprovable, "the controller \(name) hides NVMe drives (\(count)): set it to AHCI mode"))
        }
    }
    return evidence.isEmpty ? .absent(Coverage(planned: 0, read: 0, note: "\(disks.count) disks")) : .present(evidence)
}

/// Whether an NVMe controller has a namespace that is to be seen: as a disk, or as a path (`nvme0c0n1`) to one (`nvme0n1`).
private func hasNamespace(_ place: String, sysfs: String) -> Bool {
    let disks = Set(BlockDevice.entries("\(sysfs)/block") ?? [])
    return (BlockDevice.entries("\(place)/nvme") ?? []).contains { controller in
        (BlockDevice.entries("\(place)/nvme/\(controller)") ?? []).contains { name in
            guard name.hasPrefix("nvme"), let last = name.lastIndex(of: "n"), last > name.startIndex else {
                return false
            }
            // Without the number of the path, which stands behind a c.
            return disks.contains(String(name[..<last].prefix { $0 != "c" }) + name[last...])
        }
    }
}
