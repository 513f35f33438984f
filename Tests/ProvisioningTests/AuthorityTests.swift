import Certificates
import Fleet
import Foundation
import Provisioning
import Synchronization
import TestKit
import Testing
import Vocabulary

@Suite("The built-in authority")
struct AuthorityTests {
    static let now = 1_800_000_000
    let rootKey: PrivateKey
    let root: Certificate
    let issuerKey: PrivateKey
    let issuer: Certificate

    /// Keeps revocations in memory.
    final class Revocations: RevocationStore {
        private let kept = Mutex<[Revocation]>([])
        func revoke(_ revocation: Revocation) async throws(Failure) { kept.withLock { $0.append(revocation) } }
        func revocations() async throws(Failure) -> [Revocation] { kept.withLock { $0 } }
    }

    init() throws {
        rootKey = try PrivateKey.rsa(bits: 2048)
        root = try CertificateProfile.root("R", below: 1).issue(
            for: try rootKey.publicKey, by: nil, signingWith: rootKey, now: Self.now)
        issuerKey = try PrivateKey.rsa(bits: 2048)
        issuer = try CertificateProfile.intermediate("I").issue(
            for: try issuerKey.publicKey, by: root, signingWith: rootKey, now: Self.now)
    }

    /// Any signed request: the authority takes the key from it and nothing else.
    func request() async throws -> CertificateRequest {
        try await withTemporaryFolder { folder in
            let made = try await run(
                "/usr/bin/openssl",
                [
                    "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(folder)/key", "-subj", "/CN=x",
                    "-outform", "der", "-out", "\(folder)/request",
                ])
            #expect(made.status == 0, "\(made.output)")
            return try CertificateRequest(der: Array(try Data(contentsOf: URL(filePath: "\(folder)/request"))))
        }
    }

    @Test("issues below an intermediate whose root has no key here, and anchors at both")
    func offlineRoot() async throws {
        let authority = try BuiltInAuthority(chain: [issuer, root], key: issuerKey)
        let leaf = try await authority.issue(
            try await request(), for: try Hostname("a.example.test"), now: Double(Self.now))
        #expect(try leaf.isIssued(by: issuer))
        #expect(try Certificate.all(pem: authority.trustAnchors) == [issuer, root])
    }

    @Test("is not made of a key or a chain that does not fit")
    func unfit() {
        for (chain, key) in [
            ([root, issuer], issuerKey), ([issuer], rootKey), ([issuer, issuer], issuerKey), ([], rootKey),
        ] {
            let failure = #expect(throws: Failure.self) { try BuiltInAuthority(chain: chain, key: key) }
            #expect(failure?.code == .certificateUnfit)
        }
    }

    @Test("gives no certificate that outlives it, and none after its end")
    func ends() async throws {
        var profile = BuiltInAuthority.LeafProfile()
        profile.days = 3650
        let authority = try BuiltInAuthority(chain: [issuer, root], key: issuerKey, profile: profile)
        let name = try Hostname("a.example.test")
        let leaf = try await authority.issue(try await request(), for: name, now: Double(Self.now))
        #expect(leaf.notAfter == issuer.notAfter)
        let request = try await self.request()
        await #expect(throws: Failure.self) {
            try await authority.issue(request, for: name, now: Double(issuer.notAfter + 1))
        }
    }

    @Test("takes back only what it issued")
    func revocation() async throws {
        let kept = Revocations()
        let authority = try BuiltInAuthority(chain: [issuer, root], key: issuerKey, revocations: kept)
        let leaf = try await authority.issue(
            try await request(), for: try Hostname("a.example.test"), now: Double(Self.now))
        try await authority.revoke(root, because: .superseded, now: 5)
        #expect(try await kept.revocations().isEmpty)
        try await authority.revoke(leaf, because: .superseded, now: 5)
        #expect(try await kept.revocations() == [Revocation(serial: leaf.serial, reason: 4, at: 5)])
    }

    @Test(
        "refuses a profile that cannot be",
        arguments: [
            (1024, 730, 60, nil), (2048, 1, 1, nil), (2048, 30, 30, nil), (2048, 730, 60, "ftp://x"),
            (2048, 730, 60, "http://x,y"),
        ])
    func profiles(bits: Int, days: Int, before: Int, url: String?) {
        var profile = BuiltInAuthority.LeafProfile()
        (profile.keyBits, profile.days, profile.renewDaysBefore, profile.revocationList) = (bits, days, before, url)
        let failure = #expect(throws: Failure.self) { try profile.check() }
        #expect(failure?.code == .configurationInvalid)
    }
}

@Suite("Upkeep")
struct UpkeepTests {
    /// A managed machine whose certificate ends at `notAfter` and whose account ends at `ends`.
    static func record(ends: Double?) throws -> (record: DeviceRecord, notAfter: Double) {
        let machine = try #require(MachineID("939b524b-13d4-1d18-e487-1c697a6b7a2b"))
        let name = try Hostname("a.example.test")
        let key = try PrivateKey.rsa(bits: 2048)
        let certificate = try CertificateProfile.server(name, lifetime: .seconds(1000)).issue(
            for: try key.publicKey, by: nil, signingWith: key, now: AuthorityTests.now)
        var record = DeviceRecord(machine: machine, temporaryHostname: "a", name: name, address: "127.0.0.1", now: 1)
        record.stage = .managed
        record.firmware = ProvisionedFirmware(
            name: name, hostOSFQDN: nil, digestRealm: "", pin: "", certificate: try certificate.pem,
            certificateID: "", keyPairID: "",
            account: ends.map { TemporaryAccount(name: "nsk-1", handle: 1, ends: $0) }, adminProved: 1,
            provedAt: Double(AuthorityTests.now))
        return (record, Double(certificate.notAfter))
    }

    @Test("an account is due for removal at its end and not before, a certificate for renewal as long before as asked")
    func duties() throws {
        let (record, notAfter) = try Self.record(ends: Double(AuthorityTests.now) + 10)
        let now = Double(AuthorityTests.now)
        #expect(try Upkeep.duties(of: record, renewBefore: 100, now: now).isEmpty)
        #expect(
            try Upkeep.duties(of: record, renewBefore: 100, now: now + 10) == [.init(kind: .sweep, since: now + 10)])
        #expect(try Upkeep.duties(of: record, renewBefore: 100, now: notAfter - 100).map(\.kind) == [.sweep, .renew])
        #expect(
            try Upkeep.duties(of: try Self.record(ends: nil).record, renewBefore: 100, now: notAfter - 101).isEmpty)
    }

    @Test("accounts are looked through again a while after they last were")
    func regularly() throws {
        var (record, _) = try Self.record(ends: nil)
        let now = Double(AuthorityTests.now)
        let due = now + Upkeep.sweepEvery
        #expect(try Upkeep.duties(of: record, renewBefore: -1e9, now: due - 1).isEmpty)
        #expect(try Upkeep.duties(of: record, renewBefore: -1e9, now: due) == [.init(kind: .sweep, since: due)])
        record.firmware?.sweptAt = now + 1
        #expect(try Upkeep.duties(of: record, renewBefore: -1e9, now: due).isEmpty)
    }

    @Test("accounts are looked through before that, where a job may have left one that it did not learn of")
    func early() throws {
        var (record, _) = try Self.record(ends: nil)
        let now = Double(AuthorityTests.now)
        record.firmware?.sweepDue = now + 60
        #expect(try Upkeep.duties(of: record, renewBefore: -1e9, now: now + 59).isEmpty)
        #expect(
            try Upkeep.duties(of: record, renewBefore: -1e9, now: now + 60) == [.init(kind: .sweep, since: now + 60)])
    }

    @Test("what is not managed has no duties")
    func unmanaged() throws {
        var (record, notAfter) = try Self.record(ends: 1)
        record.stage = .held
        #expect(try Upkeep.duties(of: record, renewBefore: 100, now: notAfter).isEmpty)
    }
}
