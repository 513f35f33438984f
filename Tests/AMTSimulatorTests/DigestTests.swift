import Crypto
import Foundation
import LibXML
import Testing

@testable import AMTSimulator

@Suite("Digest is checked as firmware does")
struct DigestTests {
    static let body = Array(
        envelope("\(Namespace.transfer)/Get", "AMT_GeneralSettings", body: "").utf8)
    static let network = ConnectionFacts(number: 1, isTLS: true, isSetUp: false)

    static func message(_ authorization: String?, body: [UInt8] = body) -> HTTPMessage {
        HTTPMessage(
            method: "POST", path: "/wsman", headers: authorization.map { [("Authorization", $0)] } ?? [], body: body)
    }

    /// A challenge, and a client that answers it.
    static func client(_ device: inout Device, user: String = "admin", password: String = Device.password) throws
        -> DigestClient
    {
        let reply = HTTPReply(device.firmware.exchange(message(nil), on: network))
        let nonce = try #require(reply.challenge("nonce"))
        return DigestClient(user: user, password: password, realm: device.firmware.digestRealm, nonce: nonce)
    }

    @Test("who brings no credentials is challenged with the realm of AMT_GeneralSettings, and the connection closes")
    func challenge() throws {
        var device = try Device.provisioned()
        let answer = device.firmware.exchange(Self.message(nil), on: Self.network)
        let reply = HTTPReply(answer)
        #expect(reply.status == 401 && answer.closes)
        #expect(reply.header("Connection") == "close")
        #expect(reply.challenge("realm") == device.firmware.digestRealm)
        #expect(reply.challenge("stale") == "false")
        let nonce = Array(try #require(Data(base64Encoded: reply.challenge("nonce") ?? "")))
        #expect(nonce.count == 24)
        #expect(Array(nonce[8..<12]) == [0, 0, 0, 0])
        let shown = try device.get("AMT_GeneralSettings").body?["DigestRealm"]?.text
        #expect(shown == reply.challenge("realm"))
        let form = try Regex("Digest:[0-9A-F]{32}")
        #expect(try form.wholeMatch(in: shown ?? "") != nil)
    }

    @Test(
        "the nonce count is hashed as it is written, quoted or not",
        arguments: [("00000001", "00000001"), ("1", "\"1\""), ("6", "6"), ("00000006", "\"00000006\"")])
    func nonceCount(nc: String, shown: String) throws {
        var device = try Device.provisioned()
        let client = try Self.client(&device)
        let answer = device.firmware.exchange(Self.message(client.header(nc: nc, shownNC: shown)), on: Self.network)
        #expect(answer.status == 200 && !answer.closes && answer.user == "admin")
    }

    @Test("auth-int covers the body")
    func integrity() throws {
        var device = try Device.provisioned()
        let client = try Self.client(&device)
        let header = client.header(body: Self.body, quality: "auth-int")
        #expect(device.firmware.exchange(Self.message(header), on: Self.network).status == 200)
        let other = Self.message(header, body: Self.body + [0x20])
        #expect(device.firmware.exchange(other, on: Self.network).status == 401)
    }

    @Test("a documented vector of a network account is taken")
    func networkVector() throws {
        var device = try Device.provisioned()
        device.firmware.digestRealm = "Digest:34BF4B5A0561F95248F58509A406E046"
        device.firmware.accounts.adminA1 = bytes("108e3fa187b8f94be8bcd0cedddb903c")
        device.firmware.nonces["bQali2IAAAAAAAAAn0xaWCOcxNsRcEHX"] = (device.firmware.now, 0)
        let client = DigestClient(
            password: "P@ssw0rd", realm: device.firmware.digestRealm, nonce: "bQali2IAAAAAAAAAn0xaWCOcxNsRcEHX")
        let header = client.header(response: "a4f7003abd32562e8b14a799499a09d2")
        #expect(
            client.hash(method: "POST", body: [], nc: "00000001", quality: "auth") == "a4f7003abd32562e8b14a799499a09d2"
        )
        #expect(device.firmware.exchange(Self.message(header), on: Self.network).status == 200)
    }

    enum Fault: CaseIterable {
        case password, user, realm, emptyResponse, noResponse, unknownNonce, otherMethod
    }

    @Test("what does not fit is challenged again", arguments: Fault.allCases)
    func refused(fault: Fault) throws {
        var device = try Device.provisioned()
        var client = try Self.client(&device)
        var header: String
        switch fault {
        case .password:
            client.password += "!"
            header = client.header()
        case .user:
            client.user = "nobody"
            header = client.header()
        case .realm:
            client.realm = "Digest:00000000000000000000000000000000"
            header = client.header()
        case .emptyResponse: header = client.header(response: "")
        case .noResponse: header = client.header().replacing("response=", with: "answer=")
        case .unknownNonce:
            client.nonce = Data(count: 24).base64EncodedString()
            header = client.header()
        case .otherMethod: header = client.header(method: "GET")
        }
        let answer = device.firmware.exchange(Self.message(header), on: Self.network)
        #expect(answer.status == 401 && answer.closes && answer.user == nil)
    }

    @Test("an expired nonce brings a plain challenge with another nonce", arguments: ["time", "uses", "all"])
    func expiry(how: String) throws {
        var device = try Device.provisioned()
        device.firmware.personality.switches.nonceUses = 2
        let client = try Self.client(&device)
        #expect(device.firmware.exchange(Self.message(client.header()), on: Self.network).status == 200)
        switch how {
        case "time": device.firmware.now += device.firmware.personality.switches.nonceLifetime + 1
        case "uses":
            #expect(device.firmware.exchange(Self.message(client.header(nc: "2")), on: Self.network).status == 200)
        default: device.firmware.expireNonces()
        }
        let reply = HTTPReply(device.firmware.exchange(Self.message(client.header(nc: "3")), on: Self.network))
        #expect(reply.status == 401)
        #expect(reply.challenge("stale") == "false")
        #expect(reply.challenge("nonce") != client.nonce)
    }

    @Test("a nonce serves on another connection than its own")
    func otherConnection() throws {
        var device = try Device.provisioned()
        let client = try Self.client(&device)
        let other = ConnectionFacts(number: 2, isTLS: false, isSetUp: false)
        #expect(device.firmware.exchange(Self.message(client.header()), on: Self.network).status == 200)
        #expect(device.firmware.exchange(Self.message(client.header(nc: "2")), on: other).status == 200)
    }

    @Test("nonces do not pile up without end, and the newest stay good")
    func manyNonces() throws {
        var device = try Device.provisioned()
        for _ in 0..<500 { _ = device.firmware.exchange(Self.message(nil), on: Self.network) }
        #expect(device.firmware.nonces.count <= 65)
        let client = try Self.client(&device)
        #expect(device.firmware.exchange(Self.message(client.header()), on: Self.network).status == 200)
    }

    @Test("$$OsAdmin logs on from the host alone, reads, and changes no settings")
    func localSystemAccount() throws {
        var device = try Device.provisioned()
        let password = device.firmware.accounts.osAdminPassword
        let client = try Self.client(&device, user: "$$OsAdmin", password: password)
        #expect(device.firmware.exchange(Self.message(client.header()), on: Self.network).status == 401)
        let host = ConnectionFacts(number: 3, isTLS: false, isSetUp: false, isFromHost: true)
        #expect(device.firmware.exchange(Self.message(client.header(nc: "2")), on: host).status == 200)
        device.user = "$$OsAdmin"
        #expect(try device.put("AMT_GeneralSettings", "<h:HostName>x</h:HostName>").fault == "e:AccessDenied")
        #expect(device.firmware.names.hostName == "pc1")
    }

    @Test("an account logs on only from where its access permits, and only while enabled", arguments: [0, 1, 2])
    func access(permission: UInt32) throws {
        var device = try Device.provisioned()
        let a1 = md5("temp:\(device.firmware.digestRealm):secret")
        device.firmware.accounts.entries = [
            .init(handle: 1, name: "temp", sid: nil, a1: a1, access: permission, realms: [3])
        ]
        let client = try Self.client(&device, user: "temp", password: "secret")
        func status(_ fromHost: Bool, _ nc: String) -> Int {
            let facts = ConnectionFacts(number: 1, isTLS: true, isSetUp: false, isFromHost: fromHost)
            return device.firmware.exchange(Self.message(client.header(nc: nc)), on: facts).status
        }
        #expect(status(false, "1") == (permission == 0 ? 401 : 200))
        #expect(status(true, "2") == (permission == 1 ? 401 : 200))
        device.firmware.accounts.entries[0].enabled = false
        #expect(status(false, "3") == 401)
    }
}
