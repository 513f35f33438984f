/// What the SECURITY hive tells: whether the machine belongs to a domain.
///
/// Of secrets only the names are read.
package struct SecurityHive: Hashable, Sendable {
    package var machineName: String?
    /// The domain's short name, or that of the workgroup.
    package var primaryName: String?
    package var domain: String?
    /// There only on the member of a domain.
    package var domainSID: String?
    package var secrets: [String]
    /// How many logons of domain users are kept for use away from the domain.
    package var cachedLogons: Int

    package var hasMachineAccount: Bool { secrets.contains { isSame($0, "$MACHINE.ACC") } }

    /// - Throws: ``HiveFault`` where a list cannot be read; a key that is not there is no error.
    package init(_ hive: borrowing Hive) throws(HiveFault) {
        func standard(_ name: String, _ hive: borrowing Hive) throws(HiveFault) -> [UInt8]? {
            try hive.values(at: "Policy\\\(name)")[""]?.bytes
        }
        machineName = try standard("PolAcDmN", hive).flatMap(Self.counted)
        primaryName = try standard("PolPrDmN", hive).flatMap(Self.counted)
        domain = try standard("PolDnDDN", hive).flatMap(Self.counted)
        domainSID = try standard("PolPrDmS", hive).flatMap(Self.sid)
        secrets = try hive.names(below: "Policy\\Secrets")
        // A slot that is not in use is not all zero, but begins with a user name of no length.
        cachedLogons = try hive.values(at: "Cache").count { value in
            value.name.hasPrefix("NL$") && !isSame(value.name, "NL$Control") && halfWord(value.bytes, 0) != 0
        }
    }

    /// Length, room, offset, then UTF-16.
    private static func counted(_ bytes: [UInt8]) -> String? {
        let (length, offset) = (Int(halfWord(bytes, 0)), Int(word(bytes, 4)))
        guard length > 0, offset + length <= bytes.count else { return nil }
        return utf16(bytes[offset..<(offset + length)])
    }

    /// Revision, how many parts, the authority as 48 bits from the front, then the parts.
    private static func sid(_ bytes: [UInt8]) -> String? {
        guard bytes.count >= 8, bytes[0] == 1, bytes.count >= 8 + 4 * Int(bytes[1]) else { return nil }
        let authority = bytes[2..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let parts = (0..<Int(bytes[1])).map { "-\(word(bytes, 8 + 4 * $0))" }
        return "S-1-\(authority)" + parts.joined()
    }
}
