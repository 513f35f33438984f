/// Whether somebody has administered the firmware: the probe `administration`, which is shown and proves nothing.
///
/// Four signs: keys of Secure Boot that are not the vendor's alone, and those of shim's (MOK); passwords of the firmware's set-up,
/// as SMBIOS tells (type 24); an asset tag; a TPM 1.2 that has an owner. A TPM 2.0 is not asked: that would be a command to it.
package func administrationAnswer(sysfs: String) -> ProbeAnswer {
    var signs = secureBootSigns("\(sysfs)/firmware/efi/efivars")
    if let table = BlockDevice.contents("\(sysfs)/firmware/dmi/tables/DMI") { signs += passwordSigns(inSMBIOS: table) }
    for part in ["chassis", "board"] {
        if let tag = BlockDevice.line("\(sysfs)/class/dmi/id/\(part)_asset_tag"), !isPlaceholder(tag) {
            signs.append("an asset tag: \(tag)")
        }
    }
    for name in (BlockDevice.entries("\(sysfs)/class/tpm") ?? []).sorted() {
        let isOwned = ["owned", "device/owned"].contains { BlockDevice.line("\(sysfs)/class/tpm/\(name)/\($0)") == "1" }
        if isOwned { signs.append("the TPM has an owner") }
    }
    return signs.isEmpty
        ? .absent(Coverage(planned: 0, read: 0, note: "no sign of administration, as far as the firmware tells"))
        : .present(signs.map { Evidence(.administration, .information, $0) })
}

/// `VendorKeys` is 0 once somebody changed the keys (UEFI 2.10, table 3.3); shim shows its own list at each start.
private func secureBootSigns(_ folder: String) -> [String] {
    var signs: [String] = []
    let global = "8be4df61-93ca-11d2-aa0d-00e098032b8c", shim = "605dab50-e046-4300-abb6-3dd810dd8b23"
    if let value = BlockDevice.contents("\(folder)/VendorKeys-\(global)"), value.count == 5, value[4] == 0 {
        signs.append("the keys of Secure Boot are not the vendor's alone")
    }
    if let value = BlockDevice.contents("\(folder)/SetupMode-\(global)"), value.count == 5, value[4] == 1 {
        signs.append("the keys of Secure Boot were taken out")
    }
    if BlockDevice.contents("\(folder)/MokSBStateRT-\(shim)") != nil {
        signs.append("shim's checks were switched off (MOK)")
    } else if BlockDevice.contents("\(folder)/MokListRT-\(shim)") != nil {
        signs.append("shim shows keys (MOK), of the system that started it or of an owner")
    }
    return signs
}

/// Structures one behind the other: kind, length of the fixed part, two bytes of handle; then texts, ended by two NULs.
///
/// SMBIOS 3.6, section 7.25: byte 4 of type 24 has two bits each for the password at power-on (7, 6) and the administrator's (3, 2),
/// 1 where it is set.
package func passwordSigns(inSMBIOS table: [UInt8]) -> [String] {
    var place = 0
    while place + 5 <= table.count {
        let (kind, length) = (table[place], Int(table[place + 1]))
        if kind == 24, length >= 5 {
            let settings = table[place + 4]
            return [(6, "a password at power-on"), (2, "a password of the firmware's set-up")].filter {
                settings >> $0.0 & 0b11 == 1
            }.map(\.1)
        }
        // 127 is the end; a shorter one than its head is damage.
        guard kind != 127, length >= 4 else { break }
        place += length
        while place + 1 < table.count, table[place] != 0 || table[place + 1] != 0 { place += 1 }
        place += 2
    }
    return []
}
