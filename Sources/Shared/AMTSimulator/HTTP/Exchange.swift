/// A connection as the heart needs to know it.
package struct ConnectionFacts: Hashable, Sendable {
    package var number: UInt64
    package var isTLS: Bool
    /// Set-up mode, with a client chain that was checked.
    package var isSetUp: Bool
    /// From the host through the firmware's local channel, not from the network.
    package var isFromHost = false
    /// The other side's address; empty where it has none.
    package var peer = ""
    /// Whose Kerberos ticket came with this request, when it was good.
    package var principal: String?

    package init(
        number: UInt64, isTLS: Bool, isSetUp: Bool, isFromHost: Bool = false, principal: String? = nil
    ) {
        self.number = number
        self.isTLS = isTLS
        self.isSetUp = isSetUp
        self.isFromHost = isFromHost
        self.principal = principal
    }
}

/// What goes back on a connection.
struct ExchangeAnswer {
    var bytes: [UInt8]
    var closes: Bool
    var user: String?
    var resource = ""
    var action = ""
    var status: Int
    var returnValue: UInt32?
}

extension SimulatedFirmware {
    /// Answers one HTTP request.
    mutating func exchange(_ message: HTTPMessage, on connection: ConnectionFacts) -> ExchangeAnswer {
        guard message.path == "/wsman" || message.path.hasSuffix(":16992/wsman") else { return webPage(message) }
        var user: String?
        let byCertificate =
            connection.isSetUp && provisioningState == .in
            && personality.switches.setUpAuthentication == .certificateOnly
        if !byCertificate, connection.principal == nil {
            guard case .user(let name) = check(message, fromHost: connection.isFromHost) else {
                let bytes = HTTPAnswer.unauthorized(
                    realm: digestRealm, nonce: makeNonce(), quality: "auth", personality: personality)
                return ExchangeAnswer(bytes: bytes, closes: true, status: 401)
            }
            user = name
        }
        guard message.method == "POST" else {
            return ExchangeAnswer(
                bytes: HTTPAnswer.plain("405 Method Not Allowed", "", personality: personality), closes: true,
                status: 405)
        }
        let before = commits
        asker = connection.peer
        let answer = answer(message.body, user: user)
        let bytes = HTTPAnswer.soap(answer.envelope, status: answer.status, personality: personality, now: clock)
        return ExchangeAnswer(
            bytes: bytes,
            closes: answer.status != 200 || commits != before || message.header("Connection")?.lowercased() == "close",
            user: connection.principal ?? user, resource: answer.resource,
            action: answer.action, status: answer.status, returnValue: answer.returnValue)
    }

    private func webPage(_ message: HTTPMessage) -> ExchangeAnswer {
        let isRoot = message.path == "/"
        let text = isRoot ? "301 Moved Permanently\r\nLocation: /logon.htm" : "404 Not Found"
        return ExchangeAnswer(
            bytes: HTTPAnswer.plain(text, "", personality: personality), closes: true, status: isRoot ? 301 : 404)
    }
}
