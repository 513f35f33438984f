import Crypto

/// UPID, by which a platform is known for life: off until somebody switches it on.
///
/// Header {u8 feature 0, u8 command, u16 bytes that follow}; little-endian. Of the commands 2 (switch) and 5 (identity) are
/// answered, which rpc-go sends; the layouts of the others are not known. Source: host reference 2.8.
extension SimulatedFirmware {
    /// Answers one message; nothing for what is too short to be one.
    ///
    /// - Parameters:
    ///   - message: The whole message.
    ///   - rom: The certificate of the processor's ROM, as DER, where the firmware has a chain of it: its SHA-256 is in the
    ///     engine's half of the identity.
    /// - Returns: The messages to be read, one or none.
    package mutating func platformIdentity(_ message: [UInt8], rom: [UInt8]?) -> [[UInt8]] {
        guard message.count >= 4 else { return [] }
        let command = message[1]
        func told(_ status: UInt32, _ data: [UInt8] = []) -> [[UInt8]] {
            let body = HostBytes.word(status) + data
            return [[0, command] + HostBytes.short(UInt16(body.count)) + body]
        }
        let length = Int(message[2]) | Int(message[3]) << 8
        guard message[0] == 0, length == message.count - 4 else { return told(2) }
        switch (command, length) {
        case (2, 1):
            guard message[4] <= 1 else { return told(2) }
            host.tellsPlatformIdentity = message[4] == 1
            return told(0)
        case (5, 0):
            // 7: not in this state.
            guard host.tellsPlatformIdentity else { return told(7) }
            let maker = Array(SHA256.hash(data: uuid + Array("maker".utf8)))
            let engine = Array(SHA256.hash(data: rom ?? uuid))
            // 1: binary.
            return told(0, HostBytes.word(1) + maker + engine)
        case (2, _), (5, _): return told(2)
        default: return told(1)
        }
    }
}
