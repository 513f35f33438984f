import Foundation
import Testing

@testable import AMTSimulator

@Suite("A connection is treated as firmware treats it")
struct ExchangeTests {
    private static let setUp = ConnectionFacts(number: 1, isTLS: true, isSetUp: true)

    private func logged(_ device: inout Device, _ body: String) throws -> (HTTPReply, closes: Bool) {
        let client = try DigestTests.client(&device)
        let message = DigestTests.message(client.header(), body: Array(body.utf8))
        let answer = device.firmware.exchange(message, on: DigestTests.network)
        return (HTTPReply(answer), answer.closes)
    }

    @Test("an answer leaves the connection open, a fault closes it")
    func faultCloses() throws {
        var device = try Device.provisioned()
        let good = try logged(&device, String(decoding: DigestTests.body, as: UTF8.self))
        #expect(good.0.status == 200 && !good.closes && good.0.header("Connection") == nil)
        let bad = try logged(&device, envelope("\(Namespace.transfer)/Get", "AMT_NoSuchClass", body: ""))
        #expect(bad.0.status == 400 && bad.closes && bad.0.header("Connection") == "close")
    }

    @Test("a commit closes its connection after the answer")
    func commitCloses() throws {
        var device = try Device.provisioned()
        let type = "AMT_SetupAndConfigurationService"
        let uri = Namespace.ofClass(type)
        let body = "<h:CommitChanges_INPUT xmlns:h=\"\(uri)\"/>"
        let done = try logged(&device, envelope("\(uri)/CommitChanges", type, body: body))
        #expect(done.0.status == 200 && done.closes)
    }

    @Test("in set-up the client certificate is enough, where the switch says so")
    func certificateOnly() throws {
        var device = Device()
        let answer = device.firmware.exchange(DigestTests.message(nil), on: Self.setUp)
        #expect(answer.status == 200 && answer.user == nil)
    }

    @Test("in set-up the factory's account is asked for, where the switch says so")
    func digestAdmin() throws {
        var device = Device()
        device.firmware.personality.switches.setUpAuthentication = .digestAdmin
        let reply = HTTPReply(device.firmware.exchange(DigestTests.message(nil), on: Self.setUp))
        #expect(reply.status == 401)
        let nonce = try #require(reply.challenge("nonce"))
        let client = DigestClient(password: "admin", realm: device.firmware.digestRealm, nonce: nonce)
        #expect(device.firmware.exchange(DigestTests.message(client.header()), on: Self.setUp).status == 200)
        // Once the password is set, the factory's is over.
        try device.setAdminPassword()
        let later = device.firmware.exchange(DigestTests.message(client.header(nc: "2")), on: Self.setUp)
        #expect(later.status == 401)
    }

    @Test("what somebody gave MEBx by hand is admin's password in set-up, and the factory's is over")
    func givenMEBxPassword() throws {
        var device = Device()
        device.firmware.personality.switches.setUpAuthentication = .digestAdmin
        device.firmware.beginWithMEBxPassword("M3bx!by-hand")
        for (password, status) in [("admin", 401), ("M3bx!by-hand", 200)] {
            let reply = HTTPReply(device.firmware.exchange(DigestTests.message(nil), on: Self.setUp))
            let nonce = try #require(reply.challenge("nonce"))
            let client = DigestClient(password: password, realm: device.firmware.digestRealm, nonce: nonce)
            #expect(
                device.firmware.exchange(DigestTests.message(client.header()), on: Self.setUp).status == status,
                "\(password)")
        }
    }

    @Test("the client certificate counts no longer when set-up is over")
    func afterSetUp() throws {
        var device = try Device.provisioned()
        #expect(device.firmware.exchange(DigestTests.message(nil), on: Self.setUp).status == 401)
    }

    @Test("only /wsman speaks WS-Management", arguments: [("/", 301), ("/index.htm", 404), ("/wsman2", 404)])
    func otherPaths(path: String, status: Int) throws {
        var device = try Device.provisioned()
        let message = HTTPMessage(method: "GET", path: path, headers: [], body: [])
        let answer = device.firmware.exchange(message, on: DigestTests.network)
        #expect(answer.status == status && answer.closes)
    }

    @Test("what listens follows state and committed settings")
    func admission() throws {
        var device = Device()
        #expect(device.firmware.admission(tls: true) == .chainForSetUp)
        #expect(device.firmware.admission(tls: false) == .closed)
        device = try Device.provisioned()
        #expect(device.firmware.admission(tls: true) == .anyone)
        #expect(device.firmware.admission(tls: false) == .anyone)
        device.firmware.tls.remote.enabled = true
        #expect(device.firmware.admission(tls: false) == .anyone, "not committed")
        device.firmware.committedTLS.remote.enabled = true
        #expect(device.firmware.admission(tls: false) == .closed)
        device.firmware.committedTLS.remote.acceptsPlain = true
        #expect(device.firmware.admission(tls: false) == .anyone)
        device.firmware.committedTLS.remote.mutual = true
        #expect(device.firmware.admission(tls: true) == .chainOfClient)
        try device.invoke(
            "AMT_SetupAndConfigurationService", "Unprovision", "<h:ProvisioningMode>1</h:ProvisioningMode>")
        #expect(device.firmware.admission(tls: true) == .closed)
        #expect(device.firmware.admission(tls: false) == .closed)
    }
}

@Suite("Requests are read from any pieces")
struct CollectorTests {
    private static let plain = "POST /wsman HTTP/1.1\r\nHost: node//x:16992\r\nContent-Length: 5\r\n\r\nhello"
    private static let chunked =
        "POST /wsman HTTP/1.1\r\nTransfer-Encoding: chunked \r\n\r\nA\r\n0123456789\r\n1;x=y\r\n!\r\n0\r\n\r\n"

    private func all(_ text: String, step: Int) -> [String] {
        var collector = HTTPCollector()
        var bodies: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: step) {
            collector.append(bytes[start..<min(start + step, bytes.count)])
            while case .message(let message) = collector.next() {
                bodies.append(String(decoding: message.body, as: UTF8.self))
            }
        }
        return bodies
    }

    @Test("with a length, in chunks, and one after the other", arguments: [1, 2, 7, 1000])
    func pieces(step: Int) {
        #expect(all(Self.plain + Self.chunked + Self.plain, step: step) == ["hello", "0123456789!", "hello"])
    }

    @Test(
        "what is no request is unreadable",
        arguments: [
            "hello\r\n\r\n", "POST /wsman HTTP/1.1\r\nno colon\r\n\r\n",
            "POST /wsman HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "POST /wsman HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
            "POST /wsman HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        ])
    func unreadable(text: String) {
        var collector = HTTPCollector()
        collector.append(Array(text.utf8))
        guard case .unreadable = collector.next() else {
            Issue.record("taken for a request, or waited for")
            return
        }
    }
}
