/// MKHI, which tells of the engine's firmware whether or not there is AMT.
///
/// Header {u8 group, u8 command | 0x80 in answers, u8 0, u8 result}; little-endian. Source: host reference 2.7.
extension SimulatedFirmware {
    /// Answers one message; nothing for what is too short to be one.
    package func kernelInterface(_ message: [UInt8]) -> [[UInt8]] {
        guard message.count >= 4 else { return [] }
        switch (message[0], message[1]) {
        case (0xFF, 0x02): return [Self.header(message, 0) + [UInt8](repeatElement(versionBlock, count: 3).joined())]
        case (3, 2) where message.count == 8:
            let rule = HostBytes.number(message, at: 4)
            guard let value = rules[rule] else { return [Self.header(message, 0x81)] }
            return [Self.header(message, 0) + HostBytes.word(rule) + [4] + HostBytes.word(value)]
        case (3, 2): return [Self.header(message, 5)]
        default: return [Self.header(message, 0x8D)]
        }
    }

    private static func header(_ message: [UInt8], _ result: UInt8) -> [UInt8] {
        [message[0], message[1] | 0x80, 0, result]
    }

    /// One of code, recovery and factory: u16 minor, u8 major, u8 platform, u16 build, u16 hotfix.
    private var versionBlock: [UInt8] {
        let parts = versionNumbers
        return HostBytes.short(parts.minor) + [UInt8(clamping: parts.major), 0] + HostBytes.short(parts.build)
            + HostBytes.short(parts.hotfix)
    }

    /// 16, 1, 25 and 2124 of 16.1.25.2124.
    var versionNumbers: (major: UInt16, minor: UInt16, hotfix: UInt16, build: UInt16) {
        let numbers = personality.version.split(separator: ".").map { UInt16($0) ?? 0 } + [0, 0, 0]
        return (numbers[0], numbers[1], numbers[2], UInt16(personality.build) ?? 0)
    }

    /// The answers of GetFWCaps: SKU, update, platform, what is on, what there could be.
    ///
    /// Bits of the last two: 2 AMT, 17 IPv6, 18 KVM, 20 DAL, 21 TLS; of the platform: 1 a desktop, 7 signed for production.
    private var rules: [UInt32: UInt32] {
        let able: UInt32 = 1 << 2 | 1 << 17 | 1 << 18 | 1 << 20 | 1 << 21
        return [0: able, 7: 1, 29: 1 << 1 | 1 << 7, 32: host.isOff ? able & ~(1 << 2) : able, 39: able]
    }
}
