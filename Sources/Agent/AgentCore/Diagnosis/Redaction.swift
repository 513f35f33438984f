import AMTHI

/// Takes out of an answer what tells whose machine it is, or lets somebody in; its length and shape stay.
///
/// An answer of which this does not know every byte keeps its header and status alone.
func redacted(_ answer: [UInt8], to command: UInt32) -> [UInt8] {
    let head = Array(answer.prefix(16))
    func withheld() -> [UInt8] { head + [UInt8](repeating: 0, count: max(answer.count - 16, 0)) }
    guard answer.count > 16 else { return answer }
    var shown = answer
    switch command {
    case GetProvisioningState.code, GetControlMode.code:
        return answer.count == 20 ? answer : withheld()
    case GetCodeVersions.code:
        // Versions, and the BIOS's, which names the board's vendor and no machine.
        return (try? GetCodeVersions.read(answer)) == nil ? withheld() : answer
    case GetUUID.code:
        // A version 4 UUID that is not one of the bogus ones.
        guard answer.count == 32 else { return withheld() }
        shown.replaceSubrange(16..<32, with: (1...16).map { $0 == 8 ? 0x40 : UInt8($0) })
    case GetFQDN.code:
        guard answer.count >= 38 else { return withheld() }
        masked(&shown, from: 38)
    case GetPkiFQDNSuffix.code:
        guard answer.count >= 18 else { return withheld() }
        masked(&shown, from: 18)
    case GetLanInterfaceSettings.code:
        guard answer.count == 36 else { return withheld() }
        for index in Array(20..<24) + Array(33..<36) { shown[index] = 0 }
    case GetLocalSystemAccount.code:
        guard answer.count >= 82 else { return withheld() }
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
