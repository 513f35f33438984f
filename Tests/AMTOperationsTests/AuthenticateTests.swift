import AMTOperations
import Foundation
import LibXML
import Testing
import Vocabulary
import WSMan

@Suite("AMTAuthenticate")
struct AuthenticateTests {
    typealias Authenticate = AMT.GeneralSettings.Authenticate

    /// A captured answer, whose client has kept it as JSON.
    struct Captured: Decodable {
        struct Body: Decodable {
            var Nonce, UUID, FQDN, FWVersion, Signature, Certificates: String
            var AMTSVN, ReturnValue: UInt32
            var LengthOfCertificates: [Int]
        }
        var Body: Body

        /// The element that the client read, in its order.
        var element: XMLElement {
            let body = self.Body
            return AMTOperationsTests.element(
                "AMTAuthenticate_OUTPUT", of: Authenticate.resource,
                [
                    ("Nonce", body.Nonce), ("UUID", body.UUID), ("FQDN", body.FQDN), ("FWVersion", body.FWVersion),
                    ("AMTSVN", "\(body.AMTSVN)"), ("Signature", body.Signature),
                ] + body.LengthOfCertificates.map { ("LengthOfCertificates", "\($0)") } + [
                    ("Certificates", body.Certificates), ("ReturnValue", "\(body.ReturnValue)"),
                ])
        }
    }

    static func captured(_ number: Int) throws -> Captured {
        try JSONDecoder().decode(
            Captured.self, from: Data(try Vectors.bytes("meshcommander/amtauth_\(number).json")))
    }

    @Test("both captured answers are read", .enabled(if: Vectors.present, Vectors.missing))
    func captures() throws {
        let answers = try (1...2).map { try Authenticate.output(from: try Self.captured($0).element) }
        for answer in answers {
            #expect(answer.nonce.count == 20 && answer.signature.count == 96)
            #expect(answer.uuid == "465A544C39335830B0304A51465A544C" && MachineID(answer.uuid) != nil)
            #expect(answer.fqdn.isEmpty && answer.firmwareVersion == "15.0.10.7000")
            #expect(answer.securityVersion == 1 && answer.mechanism == 0)
            #expect(answer.certificates.map { $0.count }.suffix(3) == [638, 631, 708])
            #expect(answer.certificates.allSatisfy { $0.starts(with: [0x30, 0x82]) }, "each is a whole DER")
        }
        #expect(answers[0].nonce != answers[1].nonce && answers[0].signature != answers[1].signature)
        #expect(answers[0].certificates.dropFirst() == answers[1].certificates.dropFirst())
        #expect(answers[0].certificates[0] != answers[1].certificates[0], "the leaf is signed anew each time")
    }

    @Test("asks with the nonce alone")
    func request() throws {
        let body = try body(Authenticate(nonce: [UInt8](1...20)))
        #expect(body.children.first?.name == "AMTAuthenticate_INPUT")
        #expect(
            body.children.first?.children.map { "\($0.name) \($0.text)" } == ["MC_Nonce AQIDBAUGBwgJCgsMDQ4PEBESExQ="])
    }

    private static let whole: [(String, String)] = [
        ("Nonce", "AQID"), ("UUID", "00"), ("FQDN", "pc1"), ("FWVersion", "15.0"), ("AMTSVN", "2"),
        ("SignatureMechanism", "0"), ("Signature", "AQID"), ("LengthOfCertificates", "1"),
        ("LengthOfCertificates", "2"), ("Certificates", "AQID"), ("ReturnValue", "0"),
    ]

    @Test("that lacks a part, or whose lengths do not fit, is unreadable; a refusal is one")
    func bad() throws {
        func output(_ properties: [(String, String)]) throws -> AMT.GeneralSettings.Authentication {
            try Authenticate.output(from: element("AMTAuthenticate_OUTPUT", of: Authenticate.resource, properties))
        }
        #expect(try output(Self.whole).certificates == [[1], [2, 3]])
        #expect(try output(Self.whole.filter { $0.0 != "SignatureMechanism" }).mechanism == 0)
        for name in Set(Self.whole.map(\.0)).subtracting(["SignatureMechanism"]) {
            #expect(throws: WSManFault.self, "\(name)") { try output(Self.whole.filter { $0.0 != name }) }
        }
        for length in ["0", "3", "-1", "x", "99999999999999999999"] {
            #expect(throws: WSManFault.self, "\(length)") {
                try output(Self.whole.map { $0.0 == "LengthOfCertificates" ? ($0.0, length) : $0 })
            }
        }
        let refused = Self.whole.map { $0.0 == "ReturnValue" ? ($0.0, "36") : $0 }
        let fault = try #require(throws: WSManFault.self) { try output(refused) }
        #expect(fault.status == .invalidParameter)
    }
}
