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
        // PCI code and ID assignment: base class 01 is mass storage, subclass 04 RAID (VMD among it).
        guard let code = BlockDevice.line("\(folder)/\(name)/class"), code.hasPrefix("0x01") else { continue }
        let place = BlockDevice.target("\(folder)/\(name)") ?? ""
        let hasDriver = BlockDevice.target("\(folder)/\(name)/driver") != nil
        let showsDisk = disks.contains { $0.place.hasPrefix(place + "/") }
        if !hasDriver {
            evidence.append(Evidence(.noDisk, .unprovable, "no driver for the storage controller \(name)"))
        } else if code.hasPrefix("0x0104"), !showsDisk {
            evidence.append(
                Evidence(.noDisk, .unprovable, "the controller \(name) is in RAID or VMD mode and shows no disk"))
        }
    }
    return evidence.isEmpty ? .absent(Coverage(planned: 0, read: 0, note: "\(disks.count) disks")) : .present(evidence)
}
