import AMTOperations
import FirmwareHTTP
import Provisioning
import Testing
import Vocabulary

/// Worked vectors of the network reference, sections 1.5 and 10.3, computed apart from this code.
@Suite("Digest authentication")
struct DigestTests {
    static let challenge =
        #"Digest realm="Digest:34BF4B5A0561F95248F58509A406E046", nonce="bQali2IAAAAAAAAAn0xaWCOcxNsRcEHX",stale="false",qop="auth""#

    @Test("a challenge reads with the spacing of captures")
    func challenges() throws {
        let challenge = try #require(DigestChallenge(Self.challenge))
        #expect(challenge.realm == "Digest:34BF4B5A0561F95248F58509A406E046")
        #expect(challenge.nonce == "bQali2IAAAAAAAAAn0xaWCOcxNsRcEHX")
        #expect(challenge.qualities == ["auth"])
        #expect(DigestChallenge("Negotiate") == nil)
        #expect(DigestChallenge(#"Digest realm="x""#) == nil)
        #expect(
            DigestChallenge(#"Digest realm="x", nonce="y", qop="auth-int, auth""#)?.qualities == ["auth-int", "auth"])
    }

    @Test("the response is the worked one, and each header counts on")
    func response() throws {
        var authorization = DigestAuthorization(try #require(DigestChallenge(Self.challenge)))
        let admin = DigestCredential(user: "admin", password: Secret("P@ssw0rd"))
        func header() -> String {
            authorization.header(for: admin, method: "POST", path: "/wsman", body: [], clientNonce: "0a4f113b")
                .revealedText
        }
        let first = header()
        #expect(first.contains(#"response="a4f7003abd32562e8b14a799499a09d2""#))
        #expect(first.contains("nc=00000001"))
        #expect(first.contains(#"uri="/wsman""#))
        #expect(header().contains("nc=00000002"))
    }

    @Test("auth-int hashes the body when it is offered")
    func authInt() throws {
        let challenge = try #require(DigestChallenge(#"Digest realm="r", nonce="n", qop="auth-int, auth""#))
        let admin = DigestCredential(user: "u", password: Secret("p"))
        func response(_ body: [UInt8]) -> String {
            var authorization = DigestAuthorization(challenge)
            return authorization.header(for: admin, method: "POST", path: "/", body: body, clientNonce: "c")
                .revealedText
        }
        #expect(response([1]) != response([2]))
        #expect(response([1]).contains(#"qop="auth-int""#))
    }

    @Test("passwords have 32 characters of four kinds and none that firmware refuses")
    func passwords() throws {
        var seen: Set<String> = []
        for _ in 0..<200 {
            let text = try makePassword().revealedText
            #expect(text.count == 32)
            #expect(text.allSatisfy { $0.isASCII && !":,\"&<>_".contains($0) })
            #expect(text.contains(where: \.isLowercase) && text.contains(where: \.isUppercase))
            #expect(text.contains(where: \.isNumber) && text.contains { !$0.isLetter && !$0.isNumber })
            seen.insert(text)
        }
        #expect(seen.count == 200)
    }
}
