/// A message of the AMT Port Forwarding protocol, as the management engine's LME client carries it: one APF message is
/// one MEI message.
///
/// A type byte, then big-endian fields; a text is a u32 length and that many bytes. Source: `LMS_if.h` in Intel LMS;
/// `pkg/apf` in go-wsman-messages.
package enum APFMessage: Hashable, Sendable {
    case disconnect(reason: UInt32)
    case serviceRequest(String)
    case serviceAccept(String)
    case userAuthRequest(user: String, service: String, method: String)
    case userAuthSuccess
    case tcpipForward(address: String, port: UInt32)
    case cancelTcpipForward(address: String, port: UInt32)
    /// A global request that this does not know; it is refused.
    case otherGlobalRequest(String)
    /// The port is there in the answer to `tcpip-forward` alone.
    case requestSuccess(port: UInt32?)
    case requestFailure
    case channelOpen(ChannelOpen)
    case channelOpenConfirmation(recipient: UInt32, sender: UInt32, window: UInt32)
    case channelOpenFailure(recipient: UInt32, reason: UInt32)
    case windowAdjust(recipient: UInt32, bytes: UInt32)
    case channelData(recipient: UInt32, data: [UInt8])
    case channelClose(recipient: UInt32)
    case protocolVersion(major: UInt32, minor: UInt32, trigger: UInt32)
    case keepAliveRequest(cookie: UInt32)
    case keepAliveReply(cookie: UInt32)
    /// A type that this does not know; Intel LMS passes over such messages.
    case unknown(type: UInt8)

    package struct ChannelOpen: Hashable, Sendable {
        /// `forwarded-tcpip` from the host, `direct-tcpip` from the firmware.
        package var type: String
        package var sender: UInt32
        package var window: UInt32
        package var address: String
        package var port: UInt32
        package var originator: String
        package var originatorPort: UInt32

        package init(
            type: String, sender: UInt32, window: UInt32, address: String, port: UInt32, originator: String,
            originatorPort: UInt32
        ) {
            self.type = type
            self.sender = sender
            self.window = window
            self.address = address
            self.port = port
            self.originator = originator
            self.originatorPort = originatorPort
        }
    }

    /// What precedes the data of ``channelData(recipient:data:)``, in bytes.
    package static let dataHeader = 9

    /// Reads one message, whole.
    ///
    /// - Throws: ``HostInterfaceFault/answerUnreadable(_:)`` when it ends early or has more behind its last field. The
    ///   80 bytes of a version that say nothing of it may be anything.
    package init(_ bytes: [UInt8]) throws(HostInterfaceFault) {
        var reader = APFReader(bytes)
        self = try Self.read(&reader)
        try reader.finish()
    }

    private static func read(_ reader: inout APFReader) throws(HostInterfaceFault) -> APFMessage {
        let type = try reader.byte()
        switch type {
        case 1:
            let reason = try reader.word()
            try reader.skip(2)
            return .disconnect(reason: reason)
        case 5: return .serviceRequest(try reader.text())
        case 6: return .serviceAccept(try reader.text())
        case 50:
            let (user, service, method) = (try reader.text(), try reader.text(), try reader.text())
            // A password may follow; nobody has one here.
            reader.skipAll()
            return .userAuthRequest(user: user, service: service, method: method)
        case 52: return .userAuthSuccess
        case 80: return try globalRequest(&reader)
        case 81: return .requestSuccess(port: reader.isAtEnd ? nil : try reader.word())
        case 82: return .requestFailure
        case 90: return .channelOpen(try channelOpen(&reader))
        case 91:
            let (recipient, sender, window) = (try reader.word(), try reader.word(), try reader.word())
            try reader.skip(4)
            return .channelOpenConfirmation(recipient: recipient, sender: sender, window: window)
        case 92:
            let (recipient, reason) = (try reader.word(), try reader.word())
            try reader.skip(8)
            return .channelOpenFailure(recipient: recipient, reason: reason)
        case 93: return .windowAdjust(recipient: try reader.word(), bytes: try reader.word())
        case 94: return .channelData(recipient: try reader.word(), data: try reader.counted())
        case 97: return .channelClose(recipient: try reader.word())
        case 192:
            let (major, minor, trigger) = (try reader.word(), try reader.word(), try reader.word())
            try reader.skip(80)
            return .protocolVersion(major: major, minor: minor, trigger: trigger)
        case 208: return .keepAliveRequest(cookie: try reader.word())
        case 209: return .keepAliveReply(cookie: try reader.word())
        default:
            reader.skipAll()
            return .unknown(type: type)
        }
    }

    private static func globalRequest(_ reader: inout APFReader) throws(HostInterfaceFault) -> APFMessage {
        let name = try reader.text()
        try reader.skip(1)
        switch name {
        case "tcpip-forward": return .tcpipForward(address: try reader.text(), port: try reader.word())
        case "cancel-tcpip-forward": return .cancelTcpipForward(address: try reader.text(), port: try reader.word())
        default:
            reader.skipAll()
            return .otherGlobalRequest(name)
        }
    }

    private static func channelOpen(_ reader: inout APFReader) throws(HostInterfaceFault) -> ChannelOpen {
        let (type, sender, window) = (try reader.text(), try reader.word(), try reader.word())
        try reader.skip(4)
        return ChannelOpen(
            type: type, sender: sender, window: window, address: try reader.text(), port: try reader.word(),
            originator: try reader.text(), originatorPort: try reader.word())
    }
}
