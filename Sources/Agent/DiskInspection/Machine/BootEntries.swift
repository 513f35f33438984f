/// What the firmware remembers of a boot loader.
///
/// The variable `Boot####` as Linux shows it: 4 bytes of attributes, then the load option of UEFI 2.10, section 3.1.3:
///
///     0  u32  attributes
///     4  u16  length of the device path, in bytes
///     6       description, UTF-16, ended by 0
///             device path
///
/// Of the path only the hard drive's node counts (section 10.3.5.1): type 4, subtype 1, 42 bytes, the partition's GUID from
/// byte 24 on where byte 41 is 2.
package struct BootEntry: Hashable, Sendable {
    package var description: String
    /// In capitals; nil where the entry leads to no partition of a GPT.
    package var partition: String?

    package init?(variable bytes: [UInt8]) {
        guard bytes.count >= 10 else { return nil }
        let length = Int(little(bytes, 8, 2))
        let units = stride(from: 10, to: bytes.count - 1, by: 2).map { UInt16(little(bytes, $0, 2)) }
        guard let end = units.firstIndex(of: 0) else { return nil }
        description = String(decoding: units[..<end], as: UTF16.self)
        var path = bytes.dropFirst(10 + 2 * (end + 1)).prefix(length)
        while path.count >= 4 {
            let size = Int(little(path, 2, 2))
            guard size >= 4, size <= path.count else { return }
            if little(path, 0, 2) == 0x0104, size >= 42, little(path, 41, 1) == 2 {
                partition = guidText(path.dropFirst(24).prefix(16))
            }
            path = path.dropFirst(size)
        }
    }
}

/// Whether the firmware's boot entries name former boot loaders, or one left variables there: the probe `boot-entries`.
///
/// An entry for a partition that no disk has any more tells that one was there; so does one in a Linux's name.
///
/// - Parameters:
///   - sysfs: Where sysfs is mounted.
///   - present: The GUIDs of the partitions that were seen, in capitals.
///   - bootMedium: Those of the disk that this system was started from, where a person named it.
/// - Returns: Absent too where the machine has no EFI.
package func bootEntriesAnswer(
    sysfs: String, present: Set<String>, bootMedium: Set<String> = []
) -> ProbeAnswer {
    guard BlockDevice.entries("\(sysfs)/firmware/efi") != nil else {
        return .absent(Coverage(planned: 0, read: 0, note: "not started by EFI"))
    }
    let folder = "\(sysfs)/firmware/efi/efivars"
    guard let names = BlockDevice.entries(folder), !names.isEmpty else {
        return .indeterminate("the firmware's variables cannot be seen: mount efivarfs at \(folder)")
    }
    var evidence: [Evidence] = []
    // The global variables' GUID, UEFI 2.10 section 3.3.
    for name in names.sorted() where name.hasPrefix("Boot") && name.hasSuffix("-8be4df61-93ca-11d2-aa0d-00e098032b8c") {
        let number = name.dropFirst(4).prefix { $0 != "-" }
        guard number.count == 4, number.allSatisfy(\.isHexDigit) else { continue }
        guard let bytes = BlockDevice.contents("\(folder)/\(name)"), let entry = BootEntry(variable: bytes) else {
            evidence.append(Evidence(.bootEntry, .unprovable, "boot entry \(number) cannot be read"))
            continue
        }
        let isGone = entry.partition.map { !present.contains($0) && !bootMedium.contains($0) } ?? false
        let words = entry.description.lowercased()
        if isGone || linuxNames.contains(where: words.contains) {
            let place = isGone ? ", for a partition that no disk has" : ""
            evidence.append(Evidence(.bootEntry, .weak, "boot entry \"\(entry.description)\"\(place)"))
        }
    }
    evidence += loaderEvidence(folder, names, bootMedium: bootMedium)
    return evidence.isEmpty ? .absent(Coverage(planned: 0, read: 0)) : .present(evidence)
}

/// How distributions call themselves in the firmware, in small letters.
private let linuxNames = [
    "linux", "ubuntu", "debian", "fedora", "red hat", "centos", "suse", "arch", "grub", "systemd", "proxmox", "rocky",
    "alma", "manjaro", "endeavouros", "pop!_os",
]
