import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("HTTP answers have the bytes of the firmware")
struct FramingTests {
    /// 15.0.23, whose answers were captured with their head.
    private static func captured() -> Personality {
        var personality = Personality.amt12
        personality.server = "Intel(R) Active Management Technology 15.0.23.1706"
        return personality
    }

    /// 31 January 2022, 10:23:04 UTC.
    private static let moment = 1_643_624_584.0

    @Test("head and chunks of a 200 are those of a capture", .enabled(if: Vectors.arePresent, Vectors.note))
    func wholeAnswer() throws {
        let head = try Vectors.bytes("wsman/raw-http/rps_chunkedHeader200.http")
        let chunks = try (1...4).flatMap { try Vectors.bytes("wsman/raw-http/rps_wsmanGenSettingsChunk0\($0).http") }
        let end = Array("0\r\n\r\n".utf8)
        let body = HTTPReply(head + chunks + end).body
        let own = HTTPAnswer.soap(
            String(decoding: body, as: UTF8.self), status: 200, personality: Self.captured(), now: Self.moment)
        #expect(String(decoding: own, as: UTF8.self) == String(decoding: head + chunks + end, as: UTF8.self))
    }

    @Test("a fault comes in one chunk of its own length", .enabled(if: Vectors.arePresent, Vectors.note))
    func fault() throws {
        let captured = try Vectors.bytes("wsman/raw-http/rps_wsmanAlreadyExistsAllChunks.http")
        let writer = EnvelopeWriter(messageID: "uuid:00000000-8086-8086-8086-000000023EEF", relatesTo: "31")
        let own = HTTPAnswer.soap(
            writer.fault(.alreadyExists), status: 400, personality: Self.captured(), now: Self.moment)
        let text = String(decoding: own, as: UTF8.self)
        #expect(text.hasSuffix("\r\n\r\n" + String(decoding: captured, as: UTF8.self)))
        #expect(text.hasPrefix("HTTP/1.1 400 Bad Request\r\nDate: Mon, 31 Jan 2022 10:23:04 GMT\r\nServer: Intel(R)"))
        #expect(HTTPReply(own).head.last == "Connection: close")
    }

    @Test("a challenge is 11.8's to the byte", .enabled(if: Vectors.arePresent, Vectors.note))
    func challenge() throws {
        let file = try Vectors.text("wsman/raw-http/rps_401_amt11.8.http").replacing("\\n", with: "\n")
        var personality = Personality.amt12
        personality.server = "Intel(R) Active Management Technology 11.8.50.3425"
        let own = HTTPAnswer.unauthorized(
            realm: "Digest:A4070000000000000000000000000000", nonce: "wlbEK1EtAAAAAAAAWW5aUHFp+mQQ1j63",
            quality: "auth", personality: personality)
        #expect(String(decoding: own, as: UTF8.self) == file)
    }

    @Test("a challenge has one blank, after the realm, and a page of 690 bytes")
    func challengeGolden() throws {
        let own = HTTPAnswer.unauthorized(realm: "R", nonce: "N", quality: "auth", personality: .amt12)
        let reply = HTTPReply(own)
        #expect(reply.header("WWW-Authenticate") == #"Digest realm="R", nonce="N",stale="false",qop="auth""#)
        #expect(
            reply.head.map { $0.prefix { $0 != ":" } }.dropFirst().map(String.init) == [
                "WWW-Authenticate", "Content-Type", "Server", "Content-Length", "Connection",
            ])
        #expect(reply.header("Content-Length") == "690")
        #expect(reply.body.count == 690)
    }

    @Test("each buffer of 768 bytes is full but the last", arguments: [0, 1, 543, 544, 545, 1306, 1307, 5000])
    func buffers(length: Int) {
        let head = [UInt8](repeating: 0x41, count: 218)
        let body = (0..<length).map { UInt8($0 % 251) }
        let own = HTTPAnswer.chunked(head, body)
        var rest = own[...].dropFirst(head.count)
        var sizes: [Int] = []
        while let line = rest.firstIndex(of: 13) {
            let text = String(decoding: rest[rest.startIndex..<line], as: UTF8.self)
            let size = Int(text, radix: 16) ?? -1
            if size == 0 { break }
            #expect(text.utf8.count == 4 && text == text.uppercased())
            sizes.append(size)
            rest = rest.dropFirst(line - rest.startIndex + 2 + size + 2)
        }
        #expect(rest.elementsEqual(Array("0\r\n\r\n".utf8)))
        #expect(sizes.reduce(0, +) == length)
        #expect(sizes.dropLast().enumerated().allSatisfy { place, size in size == (place == 0 ? 544 : 762) })
    }

    @Test("an answer as a whole, for who has no captures")
    func golden() throws {
        var device = try Device.provisioned()
        device.firmware.messageCount = 0x22
        let text = try device.get("AMT_TLSProtocolEndpointCollection").text
        let uri = "http://intel.com/wbem/wscim/1/amt-schema/1/AMT_TLSProtocolEndpointCollection"
        let golden =
            #"<?xml version="1.0" encoding="UTF-8"?><a:Envelope xmlns:a="http://www.w3.org/2003/05/soap-envelope""#
            + #" xmlns:b="http://schemas.xmlsoap.org/ws/2004/08/addressing""#
            + #" xmlns:c="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd""#
            + #" xmlns:d="http://schemas.xmlsoap.org/ws/2005/02/trust""#
            + #" xmlns:e="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd""#
            + #" xmlns:f="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" xmlns:g="\#(uri)""#
            + #" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><a:Header>"#
            + "<b:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</b:To><b:RelatesTo>1</b:RelatesTo>"
            + #"<b:Action a:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse</b:Action>"#
            + "<b:MessageID>uuid:00000000-8086-8086-8086-000000000023</b:MessageID>"
            + "<c:ResourceURI>\(uri)</c:ResourceURI></a:Header><a:Body><g:AMT_TLSProtocolEndpointCollection>"
            + "<g:ElementName>TLSProtocolEndpoint Instances Collection</g:ElementName>"
            + "</g:AMT_TLSProtocolEndpointCollection></a:Body></a:Envelope>"
        #expect(text == golden)
    }
}
