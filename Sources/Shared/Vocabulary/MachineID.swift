/// A physical computer, by its SMBIOS UUID.
///
/// Text and wire differ: the first three fields are stored little-endian in SMBIOS, in the hello packet, in the host
/// interface's GetUUID and in `AMT_SetupAndConfigurationService.GetUuid`. One type reads and prints both.
package struct MachineID: Hashable, Sendable {
    /// The sixteen bytes in the order that the text shows them.
    package let bytes: [UInt8]

    /// Reads the sixteen bytes as SMBIOS and the firmware order them.
    ///
    /// - Returns: `nil` unless there are exactly sixteen.
    package init?(smbios: some Collection<UInt8>) {
        guard smbios.count == 16 else { return nil }
        bytes = Self.swapped(Array(smbios))
    }

    /// Reads `939b524b-13d4-1d18-e487-1c697a6b7a2b`, in either case, with or without its hyphens.
    package init?(_ text: String) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false).map(\.utf8.count)
        guard groups == [8, 4, 4, 4, 12] || groups == [32] else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text where character != "-" {
            guard character.isASCII, let digit = character.hexDigitValue else { return nil }
            if let first = high {
                bytes.append(first << 4 | UInt8(digit))
                high = nil
            } else {
                high = UInt8(digit)
            }
        }
        guard bytes.count == 16, high == nil else { return nil }
        self.bytes = bytes
    }

    /// The sixteen bytes as SMBIOS and the firmware order them.
    package var smbiosBytes: [UInt8] { Self.swapped(bytes) }

    /// Lower case, five groups.
    package var text: String {
        let digits = bytes.hexadecimal.utf8
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, digit) in digits.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append(0x2D) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether the value is one that many machines share: all zero, all FF, or a board vendor's default.
    ///
    /// Source for the third: the list of known bogus UUIDs in rpc-go, `pkg/utils`.
    package var isBogus: Bool {
        bytes.allSatisfy { $0 == 0 } || bytes.allSatisfy { $0 == 0xFF }
            || text == "03000200-0400-0500-0006-000700080009"
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// No machine: whose secrets are kept that are no machine's yet.
    package static let nobody = MachineID(bytes: [UInt8](repeating: 0, count: 16))

    private static func swapped(_ b: [UInt8]) -> [UInt8] {
        [b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]] + b[8...]
    }
}

extension MachineID: CustomStringConvertible {
    package var description: String { text }
}

extension MachineID: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = MachineID(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a UUID: \(text.prefix(64))"))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
