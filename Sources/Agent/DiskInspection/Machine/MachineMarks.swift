import Vocabulary

/// What tells this machine from others, as lists of machines name it.
package struct MachineMarks: Hashable, Sendable {
    /// What each is, by itself as ``identifier(_:)`` has it.
    package private(set) var kinds: [String: String] = [:]

    package init() {}

    /// The UUID and the serial numbers of SMBIOS, the addresses of network cards, and serial number and WWN of each disk.
    package init(sysfs: String, disks: [BlockDevice]) {
        let folder = "\(sysfs)/class/dmi/id"
        if let machine = BlockDevice.line("\(folder)/product_uuid").flatMap({ MachineID($0) }), !machine.isBogus {
            add(machine.text, "the UUID")
            // Some lists were made by programs that took all bytes as they stand.
            if let turned = MachineID(machine.smbiosBytes.map(twoDigits).joined()) { add(turned.text, "the UUID") }
        }
        for (file, kind) in [
            ("product", "serial number"), ("board", "board's number"), ("chassis", "chassis's number"),
        ] {
            if let serial = BlockDevice.line("\(folder)/\(file)_serial") { add(serial, "the \(kind)") }
        }
        for card in BlockDevice.entries("\(sysfs)/class/net") ?? [] {
            let place = "\(sysfs)/class/net/\(card)"
            // Only hardware has a device; the second bit of the first byte marks an address that somebody made up.
            guard BlockDevice.target("\(place)/device") != nil, let address = BlockDevice.line("\(place)/address"),
                address.utf8.count == 17, let first = UInt8(address.prefix(2), radix: 16), first & 2 == 0
            else { continue }
            add(address, "the address of a network card")
        }
        for disk in disks {
            for mark in [disk.serial, disk.wwn].compactMap({ $0 }) { add(mark, "a disk's number") }
        }
    }

    package mutating func add(_ text: String, _ kind: String) {
        guard !isPlaceholder(text) else { return }
        kinds[identifier(text)] = kind
    }
}

/// A name or number as it is compared: ASCII letters and digits alone, small ones, and all that is not ASCII.
package func identifier(_ text: String) -> String {
    String(decoding: text.utf8.compactMap(comparable), as: UTF8.self)
}

/// A byte of such a name; nil for one that does not count.
func comparable(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39, 0x61...0x7A, 0x80...: byte
    case 0x41...0x5A: byte | 0x20
    default: nil
    }
}

/// What boards say where nobody has written anything: no name, number or tag of one machine.
func isPlaceholder(_ text: String) -> Bool {
    let word = identifier(text)
    return word.utf8.count < 4 || Set(word.utf8).count == 1 || "0123456789".contains(word)
        || placeholders.contains(word)
}

private let placeholders: Set<String> = [
    "assettag", "baseboardassettag", "baseboardserialnumber", "chassisassettag", "chassisserialnumber", "defaultstring",
    "empty", "invalid", "noassetinformation", "noassettag", "noassettagspecified", "none", "notapplicable",
    "notavailable",
    "notspecified", "serialnumber", "systemserialnumber", "tobefilledbyoem", "unknown",
]
