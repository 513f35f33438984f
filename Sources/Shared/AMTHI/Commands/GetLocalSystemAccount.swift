package import Vocabulary

/// The account with which the operating system may read the firmware's WS-Man service; since AMT 6.1.
///
/// Request: 40 zero bytes, which every peer sends. Answer: user name, 33 bytes at 16; password, 33 bytes at 49; up to two
/// bytes of padding (Intel LMS and rpc-go read 66 bytes, MeshAgent asks for 68). Refused with NOT_FOUND when the firmware
/// has no such account.
package struct GetLocalSystemAccount: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_0067
    package init() {}

    package var payload: [UInt8] { [UInt8](repeating: 0, count: 40) }

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) -> LocalSystemAccount {
        guard data.count == 66 || data.count == 68 else {
            throw .answerUnreadable("it carries \(data.count) bytes of data, expected 66 or 68")
        }
        var reader = ByteReader(data)
        let user = try reader.paddedText(33)
        return LocalSystemAccount(user: user, password: Secret(Array(try reader.bytes(33).prefix { $0 != 0 })))
    }
}

/// The answer to ``GetLocalSystemAccount``.
package struct LocalSystemAccount: Equatable, Sendable {
    /// `$$OsAdmin` on every firmware seen.
    package var user: String
    package var password: Secret

    package init(user: String, password: Secret) {
        self.user = user
        self.password = password
    }
}
