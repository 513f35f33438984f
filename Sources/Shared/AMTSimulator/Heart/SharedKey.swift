/// The PID and PPS that one-touch set-up leaves in a machine: as what it greets, and the key of its TLS.
///
/// Eight and thirty-two characters, without their dashes. Source: network reference 3.3.
package struct SharedKey: Codable, Hashable, Sendable {
    package let identity: String
    let key: String

    /// Takes both as people write them, in groups with dashes or without.
    ///
    /// - Throws: ``SimulationFault`` that says which of them is wrong, and never shows the key.
    package init(pid: String, pps: String) throws(SimulationFault) {
        identity = pid.filter { $0 != "-" }
        key = pps.filter { $0 != "-" }
        guard identity.utf8.count == 8, Self.isChecked(identity, each: 8) else {
            throw SimulationFault(
                "'\(pid)' is no PID: that is eight of A to Z and 0 to 9, and the last is the checksum of the others",
                exitCode: 65)
        }
        guard key.utf8.count == 32, Self.isChecked(key, each: 4) else {
            throw SimulationFault(
                "the PPS is none: that is eight groups of four of A to Z and 0 to 9, the last of each its checksum",
                exitCode: 65)
        }
    }

    /// Whether the last character of each group is the sum of the others, modulo 36, as a digit or letter.
    private static func isChecked(_ text: String, each length: Int) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }) else { return false }
        return stride(from: 0, to: bytes.count, by: length).allSatisfy { start in
            let sum = bytes[start..<(start + length - 1)].reduce(0) { $0 + Int($1) } % 36
            return Int(bytes[start + length - 1]) == sum + (sum < 10 ? 0x30 : 0x37)
        }
    }
}

extension SimulatedFirmware {
    /// Whether set-up is by the shared key, which goes before certificates where there is one: inferred.
    var setsUpBySharedKey: Bool { personality.takesSharedKey && sharedKey != nil }

    /// Puts the key in, as one-touch set-up does, and with it the password that was given to admin there.
    package mutating func take(_ shared: SharedKey, adminPassword: String?) {
        sharedKey = shared
        if let adminPassword { accounts.setAdmin(adminPassword, realm: digestRealm) }
        settle()
    }
}
