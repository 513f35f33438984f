import AMTHI
import Testing

@Suite("APF messages", .enabled(if: Vectors.here, "shared/vectors/amt-vectors.json is not beside this checkout"))
struct APFVectorTests {
    private static let open = APFMessage.ChannelOpen(
        type: "forwarded-tcpip", sender: 2, window: 4096, address: "::1", port: 16992, originator: "::1",
        originatorPort: 123)

    private static let known: [(String, APFMessage)] = [
        ("apf.pv.lms", .protocolVersion(major: 1, minor: 0, trigger: 254)),
        ("apf.pv.rpc", .protocolVersion(major: 1, minor: 0, trigger: 9)),
        ("apf.svcreq.auth", .serviceRequest("auth@amt.intel.com")),
        ("apf.svcacc.auth", .serviceAccept("auth@amt.intel.com")),
        ("apf.svcreq.pfwd", .serviceRequest("pfwd@amt.intel.com")),
        ("apf.svcacc.pfwd", .serviceAccept("pfwd@amt.intel.com")),
        ("apf.userauth.none", .userAuthRequest(user: "", service: "pfwd@amt.intel.com", method: "none")),
        ("apf.userauth.ok", .userAuthSuccess),
        ("apf.tcpfwd.16992", .tcpipForward(address: "pc1.example.com", port: 16992)),
        ("apf.tcpfwd.16993", .tcpipForward(address: "pc1.example.com", port: 16993)),
        ("apf.reqok.16992", .requestSuccess(port: 16992)), ("apf.reqok.664", .requestSuccess(port: 664)),
        ("apf.cancel", .cancelTcpipForward(address: "pc1.example.com", port: 16992)),
        ("apf.open.rpc", .channelOpen(open)),
        ("apf.openconf", .channelOpenConfirmation(recipient: 2, sender: 0, window: 4096)),
        ("apf.openfail", .channelOpenFailure(recipient: 2, reason: 4)),
        ("apf.data", .channelData(recipient: 0, data: Array("POST /wsman HTTP/1.1\r\n".utf8))),
        ("apf.adj", .windowAdjust(recipient: 0, bytes: 512)), ("apf.close", .channelClose(recipient: 0)),
        ("apf.disc", .disconnect(reason: 2)), ("apf.ka", .keepAliveRequest(cookie: 0x42)),
        ("apf.kar", .keepAliveReply(cookie: 0x42)),
    ]

    @Test("read to their stated values, and are written as they came", arguments: known)
    func readsAndWrites(name: String, message: APFMessage) throws {
        let bytes = try #require(try Vectors.all()[name])
        #expect(try APFMessage(bytes) == message)
        #expect(message.bytes == bytes)
    }

    @Test("that end early, or go on behind their end, are refused", arguments: known)
    func cut(name: String, message: APFMessage) throws {
        let bytes = try #require(try Vectors.all()[name])
        for length in 0..<bytes.count {
            // What follows a log-in's method, and an answer's port, may be missing.
            if case .requestSuccess = message, length == 1 { continue }
            #expect(throws: HostInterfaceFault.self) { try APFMessage(Array(bytes.prefix(length))) }
        }
        if case .userAuthRequest = message { return }
        #expect(throws: HostInterfaceFault.self) { try APFMessage(bytes + [0]) }
    }

    @Test("of the firmware, in their order, make a session that offers its ports and its name")
    func handshake() throws {
        let vectors = try Vectors.all()
        var session = LMESession(longestMessage: 8192)
        #expect(session.greeting == vectors["apf.pv.lms"])
        func answer(_ name: String) throws -> [LMESession.Event] { try session.receive(try #require(vectors[name])) }
        func sent(_ name: String) throws -> LMESession.Event { .send(try #require(vectors[name])) }
        #expect(try answer("apf.pv.lms").isEmpty)
        #expect(try answer("apf.svcreq.auth") == [sent("apf.svcacc.auth")])
        #expect(try answer("apf.userauth.none") == [sent("apf.userauth.ok")])
        #expect(try answer("apf.svcreq.pfwd") == [sent("apf.svcacc.pfwd")])
        #expect(try answer("apf.tcpfwd.16992") == [sent("apf.reqok.16992"), .forwarded(port: 16992)])
        #expect(try answer("apf.tcpfwd.623") == [sent("apf.reqok.623"), .forwarded(port: 623)])
        #expect(try answer("apf.tcpfwd.623") == [.send([82])])
        #expect(session.ports == [16992, 623])
        #expect(session.firmwareName == "pc1.example.com")
        #expect(try answer("apf.ka") == [sent("apf.kar")])
        #expect(try answer("apf.close").isEmpty, "a stale close of channel 0")
        #expect(try answer("apf.cancel") == [.send([81])])
        #expect(session.ports == [623])
    }
}

@Suite("An APF session")
struct LMESessionTests {
    /// A session whose service has started.
    private func started(longestMessage: Int = 8192) throws -> LMESession {
        var session = LMESession(longestMessage: longestMessage)
        _ = try session.receive(APFMessage.protocolVersion(major: 1, minor: 0, trigger: 254).bytes)
        _ = try session.receive(APFMessage.serviceRequest("pfwd@amt.intel.com").bytes)
        return session
    }

    private func opened(window: UInt32, longestMessage: Int = 8192) throws -> LMESession {
        var session = try started(longestMessage: longestMessage)
        _ = session.open(port: 16992)
        let events = try session.receive(
            APFMessage.channelOpenConfirmation(recipient: LMESession.channelNumber, sender: 7, window: window).bytes)
        #expect(events == [.opened])
        return session
    }

    private func data(_ events: [LMESession.Event]) throws -> [Int] {
        try events.map { event in
            guard case .send(let bytes) = event, case .channelData(7, let data) = try APFMessage(bytes) else {
                return -1
            }
            return data.count
        }
    }

    @Test("never sends more than the firmware has room for, nor a message longer than its client takes")
    func windows() throws {
        var session = try opened(window: 100, longestMessage: 49)
        #expect(try data(session.write([UInt8](repeating: 1, count: 150))) == [40, 40, 20])
        #expect(!session.isFlushed)
        #expect(try data(session.receive(APFMessage.windowAdjust(recipient: 2, bytes: 30).bytes)) == [30])
        #expect(try session.receive(APFMessage.windowAdjust(recipient: 0, bytes: 30).bytes).isEmpty)
        #expect(try data(session.receive(APFMessage.windowAdjust(recipient: 2, bytes: .max).bytes)) == [20])
        #expect(session.isFlushed)
    }

    @Test("gives room back for all that it takes, under the firmware's number")
    func room() throws {
        var session = try opened(window: 100)
        let events = try session.receive(APFMessage.channelData(recipient: 2, data: [1, 2, 3]).bytes)
        #expect(events == [.data([1, 2, 3]), .send(APFMessage.windowAdjust(recipient: 7, bytes: 3).bytes)])
        #expect(try session.receive(APFMessage.channelData(recipient: 5, data: [1]).bytes).isEmpty)
    }

    @Test("answers a close, once")
    func closes() throws {
        var session = try opened(window: 100)
        #expect(
            try session.receive(APFMessage.channelClose(recipient: 2).bytes) == [
                .send(APFMessage.channelClose(recipient: 7).bytes), .closed,
            ])
        #expect(try session.receive(APFMessage.channelClose(recipient: 2).bytes).isEmpty)
        #expect(session.close().isEmpty)
        #expect(session.write([1]).isEmpty)
    }

    @Test("tells why a channel was not opened, and refuses those that the firmware opens")
    func refusals() throws {
        var session = try started()
        _ = session.open(port: 16993)
        #expect(
            try session.receive(APFMessage.channelOpenFailure(recipient: 2, reason: 4).bytes) == [.refused(reason: 4)])
        let event = APFMessage.ChannelOpen(
            type: "direct-tcpip", sender: 3, window: 1, address: "a", port: 0, originator: "b", originatorPort: 0)
        #expect(
            try session.receive(APFMessage.channelOpen(event).bytes) == [
                .send(APFMessage.channelOpenFailure(recipient: 3, reason: 1).bytes)
            ])
    }

    @Test(
        "ends when the firmware breaks the order, as Intel's service does",
        arguments: [
            ([.serviceRequest("pfwd@amt.intel.com")], 2),
            ([.protocolVersion(major: 1, minor: 0, trigger: 1), .tcpipForward(address: "a", port: 1)], 2),
            ([.protocolVersion(major: 1, minor: 0, trigger: 1), .serviceRequest("x")], 7),
            ([.protocolVersion(major: 2, minor: 0, trigger: 1)], 8),
        ] as [([APFMessage], UInt32)])
    func order(messages: [APFMessage], reason: UInt32) throws {
        var session = LMESession(longestMessage: 8192)
        var last: [LMESession.Event] = []
        for message in messages { last = try session.receive(message.bytes) }
        #expect(last.first == .send(APFMessage.disconnect(reason: reason).bytes))
        #expect(try session.receive(APFMessage.keepAliveRequest(cookie: 1).bytes).isEmpty)
    }
}

@Suite("The manageability state")
struct ManageabilityTests {
    @Test(
        "says whether local ports demand TLS, where the firmware is new enough to say",
        arguments: [
            ([0xc2], true, true), ([0x82], true, false), ([0x80], false, false), ([0x02], nil, nil),
            ([1, 0, 0, 0], nil, nil),
        ] as [([UInt8], Bool?, Bool?)])
    func bits(answer: [UInt8], enabled: Bool?, demandsTLS: Bool?) throws {
        let state = try ManageabilityState(answer)
        #expect(state.isEnabled == enabled)
        #expect(state.demandsTLS == demandsTLS)
    }

    @Test("of any other length is refused", arguments: [0, 2, 3, 5])
    func lengths(count: Int) {
        #expect(throws: HostInterfaceFault.self) { try ManageabilityState([UInt8](repeating: 0xFF, count: count)) }
    }
}
