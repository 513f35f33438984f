/// What the watchdog's client tells of AMT as a whole, and how it is switched on and off.
///
/// Requests and answers begin with {u8 command 5, u8 bytes that follow the header's first two, u8 subcommand, u8 version
/// 0x10}. Source: host reference 2.6.
extension SimulatedFirmware {
    /// Answers one message; nothing for what is too short to be one.
    package mutating func manageability(_ message: [UInt8]) -> [[UInt8]] {
        guard message.count >= 4, message[0] == 5, message[3] == 0x10, Int(message[1]) == message.count - 2 else {
            return message.count >= 4 ? [Self.told(message, 0x89)] : []
        }
        switch message[2] {
        case 0x51 where message.count == 4: return [[availability]]
        case 0x52 where message.count == 4:
            // ChangeToAMT, gone with 9.0.
            return [Self.told(message, personality.release < 9 ? (mayChange ? 0 : 0x9E) : 0x89)]
        case 0x53 where message.count == 5 && personality.release >= 16: return [Self.told(message, turn(message[4]))]
        default: return [Self.told(message, 0x89)]
        }
    }

    /// Whether a message asks for more than to read.
    package static func mayTurn(_ message: [UInt8]) -> Bool { message.count > 2 && message[2] == 0x53 }

    private static func told(_ message: [UInt8], _ status: UInt32) -> [UInt8] {
        message.prefix(4) + HostBytes.word(status)
    }

    /// Bit 0 may change, 1 is on, 6 local ports demand TLS, 7 the other bits are to be trusted (from 16.1 on).
    private var availability: UInt8 {
        guard personality.release >= 16 else { return mayChange ? 1 : 0 }
        return 0x80 | (hostDemandsTLS ? 0x40 : 0) | (host.isOff || host.isDisabledInMEBx ? 0 : 2) | (mayChange ? 1 : 0)
    }

    private var mayChange: Bool { provisioningState == .pre && !host.isDisabledInMEBx }

    /// On and off only while the machine is not set up: NOT_PERMITTED.
    private mutating func turn(_ value: UInt8) -> UInt32 {
        guard value <= 1 else { return 1 }
        guard mayChange else { return 0x10 }
        let wasOff = host.isOff
        host.isOff = value == 0
        if wasOff != host.isOff { commits += 1 }
        return 0
    }
}
