/// The port forwarding protocol's messages as bytes, big-endian.
///
/// One type byte, then the fields; a text is u32 count and bytes. One message is one message of the MEI client.
/// Source: host reference 4.1.
enum APFBytes {
    enum Kind: UInt8 {
        case disconnect = 1
        case serviceRequest = 5
        case serviceAccept = 6
        case userAuthRequest = 50
        case userAuthFailure = 51
        case userAuthSuccess = 52
        case globalRequest = 80
        case requestSuccess = 81
        case requestFailure = 82
        case channelOpen = 90
        case channelOpenConfirmation = 91
        case channelOpenFailure = 92
        case windowAdjust = 93
        case channelData = 94
        case channelClose = 97
        case protocolVersion = 192
        case keepAliveRequest = 208
        case keepAliveReply = 209
        case keepAliveOptionsRequest = 210
        case keepAliveOptionsReply = 211
    }

    static func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

    static func text(_ text: String) -> [UInt8] { word(UInt32(text.utf8.count)) + Array(text.utf8) }

    static func message(_ kind: Kind, _ fields: [UInt8]...) -> [UInt8] { [kind.rawValue] + fields.joined() }

    /// 93 bytes: version 1.0, trigger, UUID, 64 reserved ones.
    static func protocolVersion(trigger: UInt32, uuid: [UInt8]) -> [UInt8] {
        message(.protocolVersion, word(1), word(0), word(trigger), uuid, [UInt8](repeating: 0, count: 64))
    }

    /// Takes fields off the front of a message.
    struct Reader {
        private var rest: ArraySlice<UInt8>

        init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

        var left: [UInt8] { Array(rest) }

        mutating func word() -> UInt32? {
            guard rest.count >= 4 else { return nil }
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        }

        mutating func text() -> String? {
            guard let count = word(), rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(Int(count)) }
            return String(decoding: rest.prefix(Int(count)), as: UTF8.self)
        }
    }
}
