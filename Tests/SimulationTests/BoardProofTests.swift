import AMTOperations
import Certificates
import Foundation
import LibXML
import Provisioning
import TestKit
import Testing
import Vocabulary
import WSMan
import Wire

@testable import AMTSimulator

/// What the simulated firmware signs, the server verifies: neither side has the other's code.
@Suite("A board's signature")
struct BoardProofTests {
    /// A machine that is set up, its firmware, and what the server knows of it.
    struct Machine {
        var firmware: SimulatedFirmware
        var facts: BoardFacts

        static let realm = "Digest:0123456789ABCDEF0123456789ABCDEF"

        init(_ number: UInt8, family: String = "simulated", layout: String = "zeros,little,once") throws {
            firmware = SimulatedFirmware(
                personality: .amt15, uuid: [number] + [UInt8](2...16), dnsSuffix: "", trustedRoots: [],
                seed: UInt64(number), now: BoardProofTests.now)
            firmware.digestRealm = Self.realm
            firmware.names.hostName = "pc\(number)"
            firmware.names.domainName = "corp.example.test"
            firmware.onDie.family = family
            firmware.personality.switches.authenticationLayout = try #require(AuthenticationLayout(layout))
            facts = BoardFacts(
                machine: try #require(MachineID(smbios: firmware.uuid)), name: "pc\(number).corp.example.test",
                digestRealm: Self.realm, certificate: nil)
        }

        /// A certificate for TLS, as the server knows it.
        mutating func giveCertificate() throws {
            let root = try Machine.root()
            facts.certificate = root
            firmware.committedTLS.certificate = firmware.store.add(certificate: root.der, isTrustedRoot: true).handle
            firmware.committedTLS.remote.enabled = true
        }

        private static func root() throws -> Certificates.Certificate {
            let key = try PrivateKey.rsa(bits: 2048)
            return try CertificateProfile.root("Any").issue(
                for: try key.publicKey, by: nil, signingWith: key, now: Int(BoardProofTests.now))
        }

        /// Asked and answered over the same elements as in life.
        mutating func sign(_ nonce: [UInt8]) throws -> BoardProof.Statement {
            let answer = firmware.authenticate(nonce)
            let resource = AMT.GeneralSettings.resource
            let children = answer.outputs.flatMap { name, value -> [XMLElement] in
                switch value {
                case .text(let text): [XMLElement(name, in: resource.uri, text: text)]
                case .list(let texts): texts.map { XMLElement(name, in: resource.uri, text: $0) }
                default: []
                }
            }
            let status = XMLElement("ReturnValue", in: resource.uri, text: "\(answer.status)")
            let read = try AMT.GeneralSettings.Authenticate.output(
                from: XMLElement("AMTAuthenticate_OUTPUT", in: resource.uri, children: children + [status]))
            func text(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
            return BoardProof.Statement(
                nonce: text(read.nonce), uuid: read.uuid, fqdn: read.fqdn, firmwareVersion: read.firmwareVersion,
                securityVersion: read.securityVersion, mechanism: read.mechanism, signature: text(read.signature),
                certificates: read.certificates.map(text))
        }
    }

    static let now = 1_800_000_000.0
    static let nonce = [UInt8](1...20)

    static func trust(_ family: String = "simulated") throws -> BoardTrust {
        BoardTrust(try TrustAnchors(pem: try OnDieAuthority(family: family, processor: "").makersAuthorities()))
    }

    private func refusal(
        _ statement: BoardProof.Statement, _ machine: Machine, nonce: [UInt8] = Self.nonce,
        family: String = "simulated",
        now: Double = Self.now, _ comment: Comment? = nil
    ) throws -> String {
        let trust = try Self.trust(family)
        let failure = try #require(throws: Failure.self, comment) {
            try trust.verify(statement, nonce: nonce, about: machine.facts, now: now)
        }
        #expect(failure.code == .boardNotProved && failure.remedy == .giveUp, comment)
        return failure.message
    }

    /// As the firmware writes bytes of its UUID.
    private static func text(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02X", $0) }.joined() }

    static let layouts = ["digest", "zeros", "absent"].flatMap { head in
        ["little", "big", "byte"].flatMap { numbers in ["once", "twice"].map { "\(head),\(numbers),\($0)" } }
    }

    @Test("is believed however the firmware writes the fields that it signs", arguments: layouts)
    func everyLayout(layout: String) throws {
        var machine = try Machine(1, layout: layout)
        try machine.giveCertificate()
        let board = try Self.trust().verify(
            try machine.sign(Self.nonce), nonce: Self.nonce, about: machine.facts, now: Self.now)
        #expect(board.layout == layout && board.firmwareVersion == "15.0.23.1706")
        let again = try Self.trust().verify(
            try machine.sign(Self.nonce), nonce: Self.nonce, about: machine.facts, now: Self.now)
        #expect(board.key == again.key, "a board has one key")
        if layout.hasPrefix("digest") {
            machine.facts.certificate = nil
            #expect(try refusal(machine.sign(Self.nonce), machine).contains("not over this machine's fields"))
        }
    }

    @Test("of another machine, another moment or another root is not believed")
    func elsewhere() throws {
        var (one, two) = try (Machine(1), Machine(2))
        let statement = try one.sign(Self.nonce)
        #expect(try refusal(statement, two).contains("another machine"))
        var disguised = statement
        (disguised.uuid, disguised.fqdn) = (Self.text(two.firmware.uuid), two.facts.name)
        #expect(try refusal(disguised, two).contains("not over this machine's fields"))
        #expect(try refusal(statement, one, nonce: [UInt8](2...21)).contains("the server's nonce"), "replayed")
        #expect(try refusal(statement, one, family: "another").contains("does not lead to a root"))
        #expect(try refusal(statement, one, now: 2_600_000_000).contains("expired"))
        #expect(try refusal(statement, one, now: 1_500_000_000).contains("not yet valid"))
        var forged = try Machine(1, family: "another")
        var mixed = try forged.sign(Self.nonce)
        mixed.certificates = Array(mixed.certificates.prefix(1)) + statement.certificates.dropFirst()
        #expect(try refusal(mixed, one).contains("does not lead to a root"), "a leaf of one's own below a true chain")
        mixed = try forged.sign(Self.nonce)
        mixed.certificates = statement.certificates
        #expect(try refusal(mixed, one).contains("not over this machine's fields"), "a key of one's own")
        _ = try two.sign(Self.nonce)
    }

    @Test("with any field altered is not believed")
    func altered() throws {
        var machine = try Machine(1)
        let whole = try machine.sign(Self.nonce)
        typealias Change = (inout BoardProof.Statement) -> Void
        func flipped(_ text: String) -> String {
            var bytes = Array(Data(base64Encoded: text) ?? Data())
            bytes[bytes.count / 2] ^= 1
            return Data(bytes).base64EncodedString()
        }
        let changes: [(String, Change)] = [
            ("nonce", { $0.nonce = flipped($0.nonce) }), ("short nonce", { $0.nonce = "AQID" }),
            ("uuid", { $0.uuid = String($0.uuid.reversed()) }), ("no uuid", { $0.uuid = "" }),
            ("name", { $0.fqdn = "pc9.corp.example.test" }), ("letters' case", { $0.fqdn = $0.fqdn.uppercased() }),
            ("version", { $0.firmwareVersion = "15.0.23.1707" }), ("no version", { $0.firmwareVersion = "15" }),
            ("security version", { $0.securityVersion = 2 }), ("mechanism", { $0.mechanism = 1 }),
            ("signature", { $0.signature = flipped($0.signature) }), ("no signature", { $0.signature = "" }),
            ("long signature", { $0.signature += "AAAA" }), ("no chain", { $0.certificates = [] }),
            ("short chain", { $0.certificates.removeLast() }), ("chain", { $0.certificates.swapAt(0, 1) }),
            ("leaf", { $0.certificates[0] = flipped($0.certificates[0]) }),
            ("rubbish", { $0.certificates[1] = "AQID" }), ("no base64", { $0.certificates[1] = "-" }),
            ("long chain", { $0.certificates += Array(repeating: $0.certificates[1], count: 9) }),
        ]
        for (name, change) in changes {
            var statement = whole
            change(&statement)
            _ = try refusal(statement, machine, "\(name)")
        }
        let known: [(String, (inout BoardFacts) -> Void)] = [
            ("realm", { $0.digestRealm = "Digest:00" }), ("name", { $0.name = "pc9.corp.example.test" }),
        ]
        for (name, change) in known {
            var other = machine
            change(&other.facts)
            _ = try refusal(whole, other, "the server knows another \(name)")
        }
        _ = try Self.trust().verify(whole, nonce: Self.nonce, about: machine.facts, now: Self.now)
    }

    /// The name ends where the UUID begins: bytes moved from one to the other keep the signature.
    @Test("is not believed with its bytes read in another way")
    func shifted() throws {
        var machine = try Machine(1)
        let digits = Array("1234567890123456".utf8)
        machine.firmware = SimulatedFirmware(
            personality: .amt15, uuid: digits, dnsSuffix: "", trustedRoots: [], seed: 1, now: Self.now)
        machine.firmware.digestRealm = Machine.realm
        machine.firmware.personality.switches.authenticationLayout.certificate = .zeros
        machine.firmware.names.hostName = "pc1abcdefghijklmnop"
        var statement = try machine.sign(Self.nonce)
        let victim = Array("abcdefghijklmnop".utf8)
        statement.uuid = Self.text(victim)
        statement.fqdn = "pc1"
        statement.firmwareVersion = "1234567890123456" + statement.firmwareVersion
        machine.facts.machine = try #require(MachineID(smbios: victim))
        machine.facts.name = "pc1"
        #expect(try refusal(statement, machine).contains("version"))
    }
}
