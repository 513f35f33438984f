/// What systemd-boot, GRUB and the tools that set them up keep in the firmware: the Boot Loader Interface of systemd.
///
/// A variable that outlives a start (attribute 1, EFI_VARIABLE_NON_VOLATILE of UEFI 2.10, section 8.2) was left by a system
/// that was here before. One that does not was set at this very start, by whatever started this system: it tells of another
/// only where it names a partition that is not the boot medium's.
func loaderEvidence(_ folder: String, _ names: [String], bootMedium: Set<String>) -> [Evidence] {
    let vendor = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
    var (lasting, passing, evidence): ([String], [String], [Evidence]) = ([], [], [])
    var (origin, loader): (String?, String?)
    for name in names.sorted() where name.hasSuffix(vendor) {
        let word = String(name.dropLast(vendor.utf8.count))
        guard let bytes = BlockDevice.contents("\(folder)/\(name)"), bytes.count >= 4 else {
            evidence.append(Evidence(.loaderVariable, .unprovable, "the boot loaders' variable \(word) cannot be read"))
            continue
        }
        if little(bytes, 0, 4) & 1 != 0 { lasting.append(word) } else { passing.append(word) }
        if word == "LoaderDevicePartUUID" { origin = text(bytes).uppercased() }
        if word == "LoaderInfo" { loader = text(bytes) }
    }
    if !lasting.isEmpty {
        let list = lasting.prefix(8).joined(separator: ", ")
        evidence.append(
            Evidence(.loaderVariable, .weak, "a former boot loader left variables in the firmware: \(list)"))
    }
    guard !passing.isEmpty else { return evidence }
    let who = loader.map { "\"\($0)\"" } ?? "a boot loader"
    switch origin {
    case nil: evidence.append(Evidence(.loaderVariable, .information, "this system was started by \(who)"))
    case let place? where bootMedium.contains(place):
        evidence.append(Evidence(.loaderVariable, .information, "\(who) started this system from the boot medium"))
    case let place?:
        evidence.append(
            Evidence(.loaderVariable, .weak, "\(who) ran from partition \(place), which is not the boot medium's"))
    }
    return evidence
}

/// Behind the attributes, UTF-16 up to a NUL.
private func text(_ bytes: [UInt8]) -> String {
    let units = stride(from: 4, to: bytes.count - 1, by: 2).map { UInt16(little(bytes, $0, 2)) }.prefix { $0 != 0 }
    return String(decoding: units, as: UTF16.self)
}
