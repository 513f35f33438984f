extension APFMessage {
    /// The message as sent.
    package var bytes: [UInt8] {
        switch self {
        case .disconnect(let reason): [1] + big(reason) + [0, 0]
        case .serviceRequest(let service): [5] + counted(service)
        case .serviceAccept(let service): [6] + counted(service)
        case .userAuthRequest(let user, let service, let method):
            [50] + counted(user) + counted(service) + counted(method)
        case .userAuthSuccess: [52]
        case .tcpipForward(let address, let port): global("tcpip-forward") + counted(address) + big(port)
        case .cancelTcpipForward(let address, let port): global("cancel-tcpip-forward") + counted(address) + big(port)
        case .otherGlobalRequest(let name): global(name)
        case .requestSuccess(let port): [81] + (port.map(big) ?? [])
        case .requestFailure: [82]
        case .channelOpen(let open):
            [90] + counted(open.type) + big(open.sender) + big(open.window) + unlimited + counted(open.address)
                + big(open.port) + counted(open.originator) + big(open.originatorPort)
        case .channelOpenConfirmation(let recipient, let sender, let window):
            [91] + big(recipient) + big(sender) + big(window) + unlimited
        case .channelOpenFailure(let recipient, let reason):
            [92] + big(recipient) + big(reason) + [UInt8](repeating: 0, count: 8)
        case .windowAdjust(let recipient, let bytes): [93] + big(recipient) + big(bytes)
        case .channelData(let recipient, let data): [94] + big(recipient) + big(UInt32(data.count)) + data
        case .channelClose(let recipient): [97] + big(recipient)
        case .protocolVersion(let major, let minor, let trigger):
            [192] + big(major) + big(minor) + big(trigger) + [UInt8](repeating: 0, count: 80)
        case .keepAliveRequest(let cookie): [208] + big(cookie)
        case .keepAliveReply(let cookie): [209] + big(cookie)
        case .unknown(let type): [type]
        }
    }
}

/// The longest packet that the sender takes: all peers say that there is no limit.
private let unlimited: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]

private func big(_ word: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - $0 * 8)) } }

private func counted(_ text: String) -> [UInt8] { big(UInt32(text.utf8.count)) + Array(text.utf8) }

/// Every global request wants a reply.
private func global(_ name: String) -> [UInt8] { [80] + counted(name) + [1] }
