import Foundation

/// The host interface's answers, as bytes.
///
/// Request: u8 1, u8 1, u16 0, u32 command, u32 length; answer the same with bit 23 of the command set, then u32 status
/// and data. Little-endian throughout. Source: host reference 2.1 to 2.5.
extension SimulatedFirmware {
    /// `GetCodeVersions`' entries, in the order of real dumps.
    var codeVersions: [(name: String, value: String)] {
        [
            ("Flash", personality.version), ("Netstack", personality.version), ("AMTApps", personality.version),
            ("AMT", personality.version), ("Sku", personality.sku), ("VendorID", "8086"),
            ("Build Number", personality.build), ("Recovery Version", personality.version),
            ("Recovery Build Num", personality.build), ("Legacy Mode", "False"),
        ]
    }

    /// Answers one message on the AMTHI client; nothing for what is too short to be one.
    package mutating func hostInterface(_ message: [UInt8]) -> [[UInt8]] {
        guard message.count >= 12 else { return [] }
        let command = little(message, 4)
        let length = Int(little(message, 8))
        let data = Array(message[12...])
        guard length == data.count else { return [answer(command, status: 4)] }
        let expected: Int? =
            switch command {
            case 0x0400_0067: 40
            case 0x0400_0048: 4
            case 0x0400_005B: nil
            default: 0
            }
        if let expected, expected != data.count, Self.known.contains(command) { return [answer(command, status: 4)] }
        return [answer(to: command, data)]
    }

    private static let known: Set<UInt32> = [
        0x0400_0008, 0x0400_0011, 0x0400_001A, 0x0400_0025, 0x0400_0036, 0x0400_0048, 0x0400_0056, 0x0400_005B,
        0x0400_005C, 0x0400_0067, 0x0400_006B,
    ]

    private mutating func answer(to command: UInt32, _ data: [UInt8]) -> [UInt8] {
        switch command {
        case 0x0400_0008: return answer(command, word(1) + word(0))
        case 0x0400_0011: return answer(command, word(provisioningState.rawValue))
        case 0x0400_001A: return answer(command, codeVersionTable())
        case 0x0400_0025: return answer(command, mac + mac)
        case 0x0400_0036: return answer(command, ansi(trustedSuffix))
        case 0x0400_0048:
            guard little(data, 0) == 0 else { return answer(command, [UInt8](repeating: 0, count: 20)) }
            return answer(command, word(1) + addressWord(ipv4.address) + word(1) + [1, 1] + mac)
        case 0x0400_0056:
            let fqdn = [names.hostName, names.domainName].filter { !$0.isEmpty }.joined(separator: ".")
            let words =
                word(names.sharedFQDN ? 1 : 0) + word(names.others["DDNSUpdateEnabled"] == "true" ? 1 : 0)
                + word(UInt32(names.others["DDNSPeriodicUpdateInterval"] ?? "") ?? 1440)
                + word(UInt32(names.others["DDNSTTL"] ?? "") ?? 900) + word(UInt32(names.hostName.utf8.count))
            return answer(command, words + ansi(fqdn))
        case 0x0400_005B: return answer(command, status: setHostFQDN(data))
        case 0x0400_005C: return answer(command, uuid)
        case 0x0400_0067:
            return answer(command, fixed("$$OsAdmin", 33) + fixed(accounts.osAdminPassword, 33) + [0, 0])
        case 0x0400_006B: return answer(command, word(controlMode))
        default: return answer(command, status: 2051)
        }
    }

    /// Takes a name with or without a counted NUL.
    private mutating func setHostFQDN(_ data: [UInt8]) -> UInt32 {
        guard data.count >= 2 else { return 4 }
        let count = Int(data[0]) | Int(data[1]) << 8
        guard data.count == 2 + count else { return 4 }
        let name = data[2...].prefix { $0 != 0 }
        guard name.count <= 255 else { return 36 }
        names.hostOSFQDN = String(decoding: name, as: UTF8.self)
        return 0
    }

    private func codeVersionTable() -> [UInt8] {
        var table = fixed(personality.biosVersion, 65) + word(UInt32(codeVersions.count))
        for (name, value) in codeVersions {
            for text in [name, value] { table += [UInt8(text.utf8.count), 0] + fixed(text, 20) }
        }
        return table
    }

    private func answer(_ command: UInt32, _ data: [UInt8] = [], status: UInt32 = 0) -> [UInt8] {
        [1, 1, 0, 0] + word(command | 0x0080_0000) + word(UInt32(4 + data.count)) + word(status) + data
    }

    private func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

    /// 1.2.3.4 as the word 0x01020304, so that its bytes come reversed.
    private func addressWord(_ text: String) -> [UInt8] {
        let bytes = text.split(separator: ".").compactMap { UInt8($0) }
        return bytes.count == 4 ? bytes.reversed() : [0, 0, 0, 0]
    }

    private func ansi(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return [UInt8(bytes.count & 0xFF), UInt8(bytes.count >> 8)] + bytes
    }

    private func fixed(_ text: String, _ size: Int) -> [UInt8] {
        let bytes = Array(text.utf8.prefix(size))
        return bytes + [UInt8](repeating: 0, count: size - bytes.count)
    }

    private func little(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        guard bytes.count >= place + 4 else { return 0 }
        return bytes[place..<(place + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
