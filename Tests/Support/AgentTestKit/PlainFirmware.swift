/// A firmware that answers the agent's commands, made of a few values.
///
/// Its bytes are written out here from the layouts, not by the room under test.
package struct PlainFirmware: Sendable {
    package var provisioningState: UInt32 = 2
    package var controlMode: UInt32 = 2
    package var sharesName = true
    package var name = "pc1.example.com"
    /// 939b524b-13d4-1d18-e487-1c697a6b7a2b in SMBIOS order.
    package var uuid: [UInt8] = [
        0x4b, 0x52, 0x9b, 0x93, 0xd4, 0x13, 0x18, 0x1d, 0xe4, 0x87, 0x1c, 0x69, 0x7a, 0x6b, 0x7a, 0x2b,
    ]
    package var accountPassword = "CanaryPassword0123456789abcdefgh"
    package var suffix = "example.com"
    package var mac: [UInt8] = [0x02, 0xd9, 0xd2, 0x7a, 0x1e, 0x33]
    /// Operations refused, and the status word for each.
    package var refusals: [UInt32: UInt32] = [:]

    /// The operations asked for, in order.
    package private(set) var operations: [UInt32] = []
    /// The names that SetHostFQDN brought, in order.
    package private(set) var hostNames: [String] = []
    /// The one-time passwords that came, in order.
    package private(set) var oneTimePasswords: [String] = []

    package init() {}

    package mutating func answer(_ request: [UInt8]) -> [UInt8] {
        guard request.count >= 12 else { return [] }
        let operation = request[4..<8].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        operations.append(operation)
        if let status = refusals[operation] { return message(operation, status: status) }
        switch operation {
        case 0x0400_0011: return message(operation, word(provisioningState))
        case 0x0400_006B: return message(operation, word(controlMode))
        case 0x0400_005C: return message(operation, uuid)
        case 0x0400_0056:
            return message(
                operation,
                word(sharesName ? 1 : 0) + word(0) + word(1440) + word(900) + word(3)
                    + [UInt8(name.utf8.count & 0xFF), UInt8(name.utf8.count >> 8)] + Array(name.utf8))
        case 0x0400_005B:
            hostNames.append(String(decoding: request[14...].prefix { $0 != 0 }, as: UTF8.self))
            return message(operation)
        case 0x0400_0029, 0x0400_0062:
            provisioningState = 1
            return message(operation)
        case 0x0400_002A:
            oneTimePasswords.append(String(decoding: request[14...], as: UTF8.self))
            return message(operation)
        case 0x0400_0036: return message(operation, [UInt8(suffix.utf8.count), 0] + Array(suffix.utf8))
        case 0x0400_0048:
            // Enabled, 192.168.10.20 least significant byte first, DHCP enabled and active, link up.
            return message(operation, word(1) + [20, 10, 168, 192] + word(1) + [1, 1] + mac)
        case 0x0400_001A: return message(operation, versions([("AMT", "12.0.67"), ("Build Number", "1579")]))
        case 0x0400_0067: return message(operation, padded("$$OsAdmin", 33) + padded(accountPassword, 33) + [0, 0])
        default: return message(operation, status: 0x803)
        }
    }

    private func message(_ operation: UInt32, _ data: [UInt8] = [], status: UInt32 = 0) -> [UInt8] {
        [1, 1, 0, 0] + word(operation | 0x0080_0000) + word(UInt32(data.count + 4)) + word(status) + data
    }

    private func versions(_ entries: [(String, String)]) -> [UInt8] {
        padded("SIM BIOS", 65) + word(UInt32(entries.count))
            + entries.flatMap { entry in
                [entry.0, entry.1].flatMap { [UInt8($0.utf8.count), 0] + padded($0, 20) }
            }
    }

    private func padded(_ text: String, _ size: Int) -> [UInt8] {
        Array(text.utf8) + [UInt8](repeating: 0, count: size - text.utf8.count)
    }

    private func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
}
