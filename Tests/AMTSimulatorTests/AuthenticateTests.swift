import Crypto
import Foundation
import LibXML
import SwiftASN1
import TestKit
import Testing
import X509

@testable import AMTSimulator

@Suite("AMTAuthenticate, of firmware with an authority of the processor's own")
struct AuthenticateTests {
    private static let nonce = [UInt8](1...20)

    /// A machine that is set up, without TLS.
    private static func device() throws -> Device { try Device.provisioned(.amt15) }

    private static func ask(_ device: inout Device, _ nonce: [UInt8] = nonce) throws -> (Device.Reply, Int?) {
        let reply = try device.invoke(
            "AMT_GeneralSettings", "AMTAuthenticate",
            "<h:MC_Nonce>\(Data(nonce).base64EncodedString())</h:MC_Nonce>")
        return (reply.reply, reply.status)
    }

    private static func certificates(_ body: XMLElement) throws -> [Certificate] {
        var rest = try #require(Data(base64Encoded: body["Certificates"]?.text ?? ""))[...]
        return try body.children.filter { $0.name == "LengthOfCertificates" }.map { length in
            let count = try #require(Int(length.text))
            defer { rest = rest.dropFirst(count) }
            return try Certificate(derEncoded: Array(rest.prefix(count)))
        }
    }

    @Test("signs both nonces, its name, UUID, version and realm by a key whose chain leads to the root")
    func signature() throws {
        var device = try Self.device()
        device.user = "$$OsAdmin"
        let (reply, status) = try Self.ask(&device)
        let body = try #require(reply.body)
        #expect(status == 0)
        func bytes(_ name: String) throws -> [UInt8] {
            Array(try #require(Data(base64Encoded: body[name]?.text ?? "")))
        }
        #expect(body["FQDN"]?.text == "pc1.corp.example.test" && body["UUID"]?.text == Device.uuid.uppercased())
        let version = try #require(body["FWVersion"]?.text)
        var signed = [UInt8](repeating: 0, count: 48) + Self.nonce + (try bytes("Nonce"))
        signed += Array("pc1.corp.example.test".utf8) + device.firmware.uuid + Array(version.utf8) + [1, 0, 0, 0]
        signed += Array(device.firmware.digestRealm.utf8) + [0, 0, 0, 0]
        let chain = try Self.certificates(body)
        let key = try #require(P384.Signing.PublicKey(chain[0].publicKey))
        let signature = try P384.Signing.ECDSASignature(rawRepresentation: try bytes("Signature"))
        #expect(key.isValidSignature(signature, for: SHA384.hash(data: signed)))
        #expect(!key.isValidSignature(signature, for: SHA384.hash(data: signed + [0])))
        let above = try device.firmware.onDie.makersAuthorities().split(separator: "-----END CERTIFICATE-----\n").map {
            try Certificate(pemEncoded: $0 + "-----END CERTIFICATE-----\n")
        }
        for (lower, upper) in zip(chain + above, chain.dropFirst() + above + above.suffix(1)) {
            #expect(lower.issuer == upper.subject && upper.publicKey.isValidSignature(lower.signature, for: lower))
        }
        #expect(chain.count == 4 && above.count == 3)
        let again = try Self.ask(&device).0.body
        #expect(again?["Nonce"]?.text != body["Nonce"]?.text, "its own nonce is new each time")
        #expect(try Self.ask(&device, [1, 2]).1 == 36)
    }

    @Test(
        "the order of its parts, and the kind of its chain, are the captures'",
        .enabled(if: Vectors.arePresent, Vectors.note))
    func captured() throws {
        var device = try Self.device()
        let body = try #require(try Self.ask(&device).0.body)
        let text = try Vectors.text("wsman/meshcommander/amtauth_1.json")
        let order = text.split(separator: "\"Body\":{")[1].matches(of: /"(\w+)":/).map { String($0.output.1) }
        var own: [String] = []
        for child in body.children where own.last != child.name { own.append(child.name) }
        #expect(own == order.filter { $0 != "ReturnValueStr" })
        struct Answer: Decodable {
            struct Body: Decodable {
                var Certificates: String
                var LengthOfCertificates: [Int]
            }
            var Body: Body
        }
        let answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).Body
        var rest = try #require(Data(base64Encoded: answer.Certificates))[...]
        let theirs = try answer.LengthOfCertificates.map { count in
            defer { rest = rest.dropFirst(count) }
            return try Certificate(derEncoded: Array(rest.prefix(count)))
        }
        for (mine, theirs) in zip(try Self.certificates(body), theirs) {
            #expect(mine.notValidBefore <= theirs.notValidBefore.addingTimeInterval(600 * 86_400))
            #expect(mine.notValidAfter == theirs.notValidAfter && mine.signatureAlgorithm == theirs.signatureAlgorithm)
            // The maker writes CA:FALSE out, which is no DER: its basic constraints are not read here.
            for own in mine.extensions {
                #expect(theirs.extensions.contains { $0.oid == own.oid && $0.critical == own.critical }, "\(own.oid)")
            }
        }
    }

    @Test("is not there before 15.0", arguments: Personality.all)
    func generations(personality: Personality) throws {
        var device = try Device.provisioned(personality)
        let hasIt = [.amt15, .amt16, .amt18, .amt19].contains(personality)
        let (reply, status) = try Self.ask(&device)
        #expect(hasIt ? status == 0 : reply.fault == "b:ActionNotSupported")
    }

    @Test("processors of one family have one root, others another; a swapped board has other keys")
    func families() throws {
        func keys(_ authority: OnDieAuthority) throws -> [Certificate.PublicKey] {
            var authority = authority
            return try authority.chain().map { try Certificate(derEncoded: $0).publicKey }
        }
        let one = OnDieAuthority(processor: "1")
        #expect(try keys(one) == keys(one))
        #expect(try Set(keys(one)).isDisjoint(with: keys(OnDieAuthority(processor: "2"))))
        func root(_ authority: OnDieAuthority) throws -> Certificate.PublicKey? {
            try authority.makersAuthorities().split(separator: "-----END CERTIFICATE-----\n").last.map {
                try Certificate(pemEncoded: $0 + "-----END CERTIFICATE-----\n").publicKey
            }
        }
        #expect(try root(one) == root(OnDieAuthority(processor: "2")))
        #expect(try root(one) != root(OnDieAuthority(family: "b", processor: "1")))
    }

    @Test("a family of one's own and another way of writing are options; the roots of a family are printed")
    func options() async throws {
        let extra = ["--personality", "15.0", "--on-die-family", "x", "--authentication-layout", "zeros,big,twice"]
        try await withBench(number: 88, extra) { bench in
            try await bench.control(#"{"do":"swapBoard","value":"x"}"#)
        }
        let roots = try await run("namesake-simulator", ["on-die-roots", "--on-die-family", "x"])
        #expect(roots.output.matches(of: /BEGIN CERTIFICATE/).count == 3)
        let wrong = try await run(
            "namesake-simulator",
            ["run", "--address", "127.0.0.1", "--uuid", Bench.uuid, "--authentication-layout", "x"])
        #expect(wrong.status == 64 && wrong.output.contains("digest,little,once"), "\(wrong.output)")
    }
}
