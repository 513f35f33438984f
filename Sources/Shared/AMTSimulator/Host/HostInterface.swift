import Foundation

/// The host interface's answers, as bytes.
///
/// Request: u8 1, u8 1, u16 0, u32 command, u32 length; answer the same with bit 23 of the command set, then u32 status
/// and data. Little-endian throughout. Source: host reference 2.1 to 2.5.
extension SimulatedFirmware {
    /// What a command gives: data, or a status other than 0 and nothing else.
    enum HostAnswer {
        case data([UInt8])
        case status(UInt32)
    }

    /// Whether a message asks for what only the owner of the machine's own certificate can answer.
    package static func wantsOwnCertificate(_ message: [UInt8]) -> Bool {
        HostBytes.number(message, at: 4) == HostCommand.startConfigurationHBased.rawValue
    }

    /// Whether a message asks for more than to read.
    package static func maySet(_ message: [UInt8]) -> Bool {
        HostCommand(rawValue: HostBytes.number(message, at: 4))?.changesState ?? false
    }

    /// Answers one message on the AMTHI client; nothing for what is too short to be one.
    ///
    /// - Parameters:
    ///   - message: The whole message.
    ///   - ownCertificate: What TLS would present now, as DER; only needed where ``wantsOwnCertificate(_:)``.
    /// - Returns: The messages to be read, one or none.
    package mutating func hostInterface(_ message: [UInt8], ownCertificate: [UInt8]? = nil) -> [[UInt8]] {
        guard message.count >= 12 else { return [] }
        let number = HostBytes.number(message, at: 4)
        let data = Array(message[12...])
        guard Int(HostBytes.number(message, at: 8)) == data.count else { return [Self.answer(number, .status(4))] }
        guard let command = HostCommand(rawValue: number),
            (command.firstRelease...command.lastRelease).contains(personality.release)
        else {
            return [Self.answer(number, .status(2051))]
        }
        guard command.dataLength.contains(data.count) else { return [Self.answer(number, .status(4))] }
        let content =
            reading(command, data) ?? settingUp(command, data, ownCertificate: ownCertificate) ?? .status(2051)
        return [Self.answer(number, content)]
    }

    /// The answer of a firmware that does nothing but refuse.
    static func refusal(of message: [UInt8], status: UInt32) -> [[UInt8]] {
        message.count < 12 ? [] : [answer(HostBytes.number(message, at: 4), .status(status))]
    }

    private static func answer(_ command: UInt32, _ content: HostAnswer) -> [UInt8] {
        let (status, data): (UInt32, [UInt8]) =
            switch content {
            case .data(let data): (0, data)
            case .status(let status): (status, [])
            }
        return [1, 1, 0, 0] + HostBytes.word(command | 0x0080_0000) + HostBytes.word(UInt32(4 + data.count))
            + HostBytes.word(status) + data
    }
}
