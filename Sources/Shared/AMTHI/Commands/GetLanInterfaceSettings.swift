/// The firmware's wired interface.
///
/// Request: a word, 0 for wired. Answer: enabled, a word at 16; IPv4 address at 20, least significant byte first; DHCP
/// enabled, a word at 24; DHCP mode and link, a byte each at 28 and 29; the hardware address, six bytes at 30.
/// Source: `GetLanInterfaceSettingsCommand.h` in Intel LMS.
package struct GetLanInterfaceSettings: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_0048
    package init() {}

    package var payload: [UInt8] { littleEndian(UInt32(0)) }

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) -> LanInterfaceSettings {
        var reader = ByteReader(data)
        let enabled = try reader.word32() != 0
        _ = try reader.bytes(8)
        _ = try reader.byte()
        let link = try reader.byte() != 0
        guard let address = MACAddress(try reader.bytes(6)) else {
            throw .answerUnreadable("it has no hardware address")
        }
        try reader.finish()
        return LanInterfaceSettings(enabled: enabled, linkUp: link, address: address)
    }
}

/// The answer to ``GetLanInterfaceSettings``.
package struct LanInterfaceSettings: Hashable, Sendable {
    package var enabled: Bool
    package var linkUp: Bool
    package var address: MACAddress

    package init(enabled: Bool, linkUp: Bool, address: MACAddress) {
        self.enabled = enabled
        self.linkUp = linkUp
        self.address = address
    }
}

/// The address of a network interface; printed as Linux does, small letters with colons.
package struct MACAddress: Hashable, Sendable, CustomStringConvertible {
    package let bytes: [UInt8]

    /// - Returns: `nil` unless there are six bytes, not all zero.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 6, bytes.contains(where: { $0 != 0 }) else { return nil }
        self.bytes = bytes
    }

    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
