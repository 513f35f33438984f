import AMTHI

/// Takes out of an answer what tells whose machine it is, or lets somebody in; its length and shape stay.
///
/// An answer of which this does not know every byte keeps its header and status alone, and so does one that its command
/// cannot read: what is where in it is not known.
func redacted(_ answer: [UInt8], to command: UInt32, isReadable: Bool) -> [UInt8] {
    let head = Array(answer.prefix(16))
    func withheld() -> [UInt8] { head + [UInt8](repeating: 0, count: max(answer.count - 16, 0)) }
    guard answer.count > 16 else { return answer }
    guard isReadable else { return withheld() }
    var shown = answer
    switch command {
    case GetProvisioningState.code, GetControlMode.code, GetCodeVersions.code:
        // Versions are of firmware and BIOS: they name the board's vendor, and no machine.
        return answer
    case GetUUID.code:
        // A version 4 UUID that is not one of the bogus ones.
        shown.replaceSubrange(16..<32, with: (1...16).map { $0 == 8 ? 0x40 : UInt8($0) })
    case GetFQDN.code:
        masked(&shown, from: 38)
    case GetPkiFQDNSuffix.code:
        masked(&shown, from: 18)
    case GetLanInterfaceSettings.code:
        for index in Array(20..<24) + Array(33..<36) { shown[index] = 0 }
    case GetLocalSystemAccount.code:
        for index in 49..<82 where shown[index] != 0 { shown[index] = UInt8(ascii: "x") }
    default: return withheld()
    }
    return shown
}

/// Letters and digits of a name become `x`; dots and hyphens stay.
private func masked(_ bytes: inout [UInt8], from start: Int) {
    for index in start..<bytes.count where ![0, UInt8(ascii: "."), UInt8(ascii: "-")].contains(bytes[index]) {
        bytes[index] = UInt8(ascii: "x")
    }
}
