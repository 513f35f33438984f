package import Certificates
import Foundation
import Jobs
package import Vocabulary
package import Wire

/// Which claims need the board's signature besides the echo.
package enum BoardPolicy: String, Codable, Sendable {
    /// Those of machines whose firmware can sign (AMT 15 and later), or has signed before.
    case whereOffered = "where-offered"
    /// Every one: a machine whose firmware cannot sign is not proved.
    case required
}

/// The authorities that a board's signature has to lead to, and which claims need one.
package struct BoardTrust: Sendable {
    package var anchors: TrustAnchors
    package var policy: BoardPolicy

    package init(_ anchors: TrustAnchors, policy: BoardPolicy = .whereOffered) {
        self.anchors = anchors
        self.policy = policy
    }
}

/// What the server itself knows of the firmware that a signature has to be about; nothing of it comes from the agent.
package struct BoardFacts: Sendable {
    package var machine: MachineID
    /// The firmware's own name when it signed, the one before the job.
    package var name: String
    package var digestRealm: String
    /// What its port presents.
    package var certificate: Certificate?

    package init(machine: MachineID, name: String, digestRealm: String, certificate: Certificate?) {
        self.machine = machine
        self.name = name
        self.digestRealm = digestRealm
        self.certificate = certificate
    }
}

/// A board that has signed.
package struct ProvedBoard: Hashable, Codable, Sendable {
    /// SHA-256 of the SubjectPublicKeyInfo of the processor's ROM, hexadecimal; it stays the same for the board's life.
    package var key: String
    /// The version that the firmware gave and signed.
    package var firmwareVersion: String
    /// How the signed fields were written, see ``BoardTrust/verify(_:nonce:about:now:)``.
    package var layout: String
}

extension BoardTrust {
    /// Checks a firmware's statement: what it is about, the chain up to a root, the signature.
    ///
    /// Fields and order of what is signed are documented, how they are written as bytes is not in all points: each way
    /// that fits is tried. All of them cover the same fields, and the fields are compared with what the server knows, so
    /// that none can be read in two ways.
    ///
    /// Source: network reference 5.1; Intel's guide on the on-die authority: the fourth certificate stands for the board.
    ///
    /// - Parameters:
    ///   - statement: As the agent told it.
    ///   - nonce: The server's own 20 bytes.
    ///   - facts: What the statement has to be about.
    ///   - now: Seconds since 1970.
    /// - Returns: The board whose key has signed.
    /// - Throws: ``Failure`` with ``Failure/Code/boardNotProved`` that names the first thing that is wrong.
    package func verify(
        _ statement: BoardProof.Statement, nonce: [UInt8], about facts: BoardFacts, now: Double
    ) throws(Failure) -> ProvedBoard {
        guard statement.mechanism == 0 else {
            throw Self.refusal("its signature mechanism is \(statement.mechanism), and only 0 is known")
        }
        guard let uuid = MachineID(statement.uuid)?.bytes,
            uuid == facts.machine.smbiosBytes || uuid == facts.machine.bytes
        else { throw Self.refusal("it is about another machine than \(facts.machine)") }
        guard statement.fqdn.lowercased() == facts.name.lowercased() else {
            throw Self.refusal("it was made by a firmware of another name than '\(facts.name)'")
        }
        let version = statement.firmwareVersion
        guard version.wholeMatch(of: /[0-9]{1,5}(\.[0-9]{1,5}){1,5}/) != nil else {
            throw Self.refusal("its firmware version is none")
        }
        guard let own = Self.bytes(statement.nonce, 20), let signature = Self.bytes(statement.signature, 96) else {
            throw Self.refusal("its nonce or its signature has not the length that it should have")
        }
        let chain = try Self.chain(statement.certificates)
        do throws(Failure) { try anchors.verify(chain, now: Int(now)) } catch {
            throw Self.refusal("its chain does not lead to a root that is trusted: \(error.message)")
        }
        guard chain.count > Self.boardPlace else {
            throw Self.refusal("its chain has \(chain.count) certificates: the one of the board's ROM is missing")
        }
        for layout in SignatureLayout.all {
            guard
                let signed = layout.digest(
                    facts.certificate, nonce + own + Array(statement.fqdn.utf8) + uuid + Array(version.utf8),
                    statement.securityVersion, Array(facts.digestRealm.utf8), statement.mechanism)
            else { continue }
            guard try chain[0].publicKey.isP384Signature(signature, of: signed) else { continue }
            return ProvedBoard(
                key: chain[Self.boardPlace].publicKey.pin.hexadecimal, firmwareVersion: version,
                layout: layout.description)
        }
        throw Self.refusal("its signature is not over this machine's fields and the server's nonce")
    }

    /// Counted from the leaf's 0: AMT's, the kernel's, the ROM's.
    private static let boardPlace = 3
    private static let longestChain = 8

    private static func chain(_ texts: [String]) throws(Failure) -> [Certificate] {
        guard (1...longestChain).contains(texts.count) else {
            throw refusal("its chain has \(texts.count) certificates")
        }
        var chain: [Certificate] = []
        for text in texts {
            guard let der = Data(base64Encoded: text) else { throw refusal("a certificate of its chain is no base64") }
            do throws(Failure) { chain.append(try Certificate(der: Array(der))) } catch {
                throw refusal("a certificate of its chain cannot be read: \(error.message)")
            }
        }
        return chain
    }

    private static func bytes(_ text: String, _ count: Int) -> [UInt8]? {
        guard let data = Data(base64Encoded: text), data.count == count else { return nil }
        return Array(data)
    }

    static func refusal(_ what: String) -> Failure {
        Failure(
            .boardNotProved, "the board's signature does not prove the machine: \(what)",
            hint: "Find out who claims the name; run `namesake-agent sync` on the machine itself.", remedy: .giveUp)
    }
}

/// One way of writing the signed fields as bytes.
private struct SignatureLayout: CustomStringConvertible {
    enum Head: String, CaseIterable { case digest, zeros, absent }
    enum Numbers: String, CaseIterable { case little, big, byte }
    enum Digests: String, CaseIterable { case once, twice }

    var head: Head
    var numbers: Numbers
    var digests: Digests

    static let all: [SignatureLayout] = Head.allCases.flatMap { head in
        Numbers.allCases.flatMap { numbers in
            Digests.allCases.map { SignatureLayout(head: head, numbers: numbers, digests: $0) }
        }
    }

    var description: String { "\(head.rawValue),\(numbers.rawValue),\(digests.rawValue)" }

    /// - Returns: `nil` where the certificate is wanted and not known.
    func digest(
        _ certificate: Certificate?, _ front: [UInt8], _ securityVersion: UInt32, _ realm: [UInt8], _ mechanism: UInt32
    ) -> [UInt8]? {
        var fields: [UInt8] = []
        switch head {
        case .digest:
            guard let certificate else { return nil }
            fields = Digest.sha384(certificate.der)
        case .zeros: fields = [UInt8](repeating: 0, count: 48)
        case .absent: break
        }
        fields += front + bytes(securityVersion) + realm + bytes(mechanism)
        let digest = Digest.sha384(fields)
        return digests == .once ? digest : Digest.sha384(digest)
    }

    private func bytes(_ number: UInt32) -> [UInt8] {
        switch numbers {
        case .little: (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        case .big: (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - $0 * 8)) }
        case .byte: [UInt8(truncatingIfNeeded: number)]
        }
    }
}
