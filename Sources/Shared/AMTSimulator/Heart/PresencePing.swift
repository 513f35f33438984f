extension SimulatedFirmware {
    /// Answers a datagram that came to UDP port 623: a presence ping of RMCP by its pong, anything else by nothing.
    ///
    /// Ping: RMCP 6, sequence, class ASF, 4542, type 0x80, tag. Pong: type 0x40, the tag, 343 as enterprise, the open
    /// port, version nibbles, state and which ports are open, and what is supported. A firmware from 16 on says 15.15:
    /// a nibble holds no more, which is inferred. Source: network reference 1.2.
    ///
    /// - Returns: `nil` for no answer: nothing set up to answer, switched off, or no ping.
    package func pong(to datagram: [UInt8]) -> [UInt8]? {
        guard provisioningState != .pre, names.others["RmcpPingResponseEnabled"] != "false" else { return nil }
        guard datagram.count >= 12, datagram[0] == 6, datagram[3] == 6, datagram[8] == 0x80,
            datagram[4..<8].elementsEqual([0, 0, 0x11, 0xBE])
        else { return nil }
        let hasPlain = admission(tls: false) != .closed
        let hasTLS = provisioningState == .in || committedTLS.remote.enabled || !personality.servesPlain
        let port: UInt16 = hasTLS ? 16993 : 16992
        let numbers = personality.version.split(separator: ".").prefix(2).map { min(UInt8($0) ?? 0, 15) }
        let version = numbers.count == 2 ? numbers[0] << 4 | numbers[1] : 0
        let state = UInt8(provisioningState.rawValue) | (hasPlain && hasTLS ? 4 : 0)
        return [6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x40, datagram[9], 0, 16, 0, 0, 0x01, 0x57]
            + [UInt8(port >> 8), UInt8(port & 0xFF), version, state, 0x81, 0x20, 0, 0, 0, 0, 0, 0]
    }
}
