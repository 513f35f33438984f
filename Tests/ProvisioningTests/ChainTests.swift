import Certificates
import CurlClient
import Provisioning
import Testing
import Vocabulary

@Suite("The provisioning chain")
struct ChainTests {
    static let now = 1_800_000_000
    let rootKey: PrivateKey
    let root: Certificate
    let leafKey: PrivateKey
    let leaf: Certificate

    init() throws {
        rootKey = try PrivateKey.rsa(bits: 2048)
        root = try CertificateProfile.root("R").issue(
            for: try rootKey.publicKey, by: nil, signingWith: rootKey, now: Self.now)
        leafKey = try PrivateKey.rsa(bits: 2048)
        leaf = try CertificateProfile.provisioning(try Hostname("p.example.test")).issue(
            for: try leafKey.publicKey, by: root, signingWith: rootKey, now: Self.now)
    }

    @Test("fits a firmware that knows its root")
    func fits() throws {
        let chain = try ProvisioningChain(links: [leaf, root], key: leafKey)
        try chain.check(against: [root.fingerprint.hexadecimal], now: Double(Self.now))
    }

    @Test("is refused before anything is sent when the firmware does not know its root")
    func unknownRoot() throws {
        let chain = try ProvisioningChain(links: [leaf, root], key: leafKey)
        let failure = #expect(throws: Failure.self) {
            try chain.check(against: [String(repeating: "0", count: 64)], now: Double(Self.now))
        }
        #expect(failure?.code == .noSuitableChain)
        #expect(failure?.message.contains(root.fingerprint.hexadecimal) == true)
    }

    @Test("is refused when it has expired, or is not for set-up")
    func unfit() throws {
        let hashes = [root.fingerprint.hexadecimal]
        let chain = try ProvisioningChain(links: [leaf, root], key: leafKey)
        #expect(throws: Failure.self) { try chain.check(against: hashes, now: Double(leaf.notAfter + 1)) }
        let server = try CertificateProfile.server(try Hostname("p.example.test")).issue(
            for: try leafKey.publicKey, by: root, signingWith: rootKey, now: Self.now)
        let other = try ProvisioningChain(links: [server, root], key: leafKey)
        #expect(throws: Failure.self) { try other.check(against: hashes, now: Double(Self.now)) }
    }

    @Test("is not made of a key that is none of the certificates', or the root's")
    func unmade() throws {
        #expect(throws: Failure.self) { try ProvisioningChain(links: [leaf, root], key: rootKey) }
        #expect(throws: Failure.self) { try ProvisioningChain(links: [root], key: leafKey) }
        #expect(throws: Failure.self) { try ProvisioningChain(links: [], key: rootKey) }
    }

    @Test("is put in order, whatever lies between, and says whose issuer is missing when its root is")
    func mended() throws {
        let now = Double(Self.now)
        let middleKey = try PrivateKey.rsa(bits: 2048)
        let middle = try CertificateProfile.intermediate("M").issue(
            for: try middleKey.publicKey, by: root, signingWith: rootKey, now: Self.now)
        let below = try CertificateProfile.provisioning(try Hostname("p.example.test")).issue(
            for: try leafKey.publicKey, by: middle, signingWith: middleKey, now: Self.now)
        let chain = try ProvisioningChain(links: [root, leaf, middle, below].shuffled(), key: leafKey)
        #expect(chain.roots == [root])
        let mended = try ProvisioningChain(links: [root, middle, below], key: leafKey)
        #expect(mended.paths == [[below, middle, root]])
        let sent = try mended.identity(for: [root.fingerprint.hexadecimal])
        #expect(try Certificate.all(pem: sent.chain) == [below, middle, root])

        let rootless = try ProvisioningChain(links: [middle, below], key: leafKey)
        let failure = #expect(throws: Failure.self) {
            try rootless.check(against: [root.fingerprint.hexadecimal], now: now)
        }
        #expect(failure?.code == .noSuitableChain)
        #expect(failure?.message.contains("the issuer of M is missing") == true)
        #expect(failure?.hint?.contains("Append") == true)
    }

    @Test("takes the way to the root that the hello names, where two lead up, by any digest that firmware uses")
    func chosen() throws {
        let otherKey = try PrivateKey.rsa(bits: 2048)
        let other = try CertificateProfile.root("Older", below: 1).issue(
            for: try otherKey.publicKey, by: nil, signingWith: otherKey, now: Self.now)
        // The same authority, certified by an older root.
        let crossed = try CertificateProfile.intermediate("R").issue(
            for: try rootKey.publicKey, by: other, signingWith: otherKey, now: Self.now)
        let chain = try ProvisioningChain(links: [other, crossed, root, leaf], key: leafKey)
        for digest in [Digest.sha1, .sha256, .sha384, .sha512] {
            for (wanted, path) in [(root, [leaf, root]), (other, [leaf, crossed, other])] {
                let sent = try chain.identity(for: ["00", digest(wanted.der).hexadecimal])
                #expect(try Certificate.all(pem: sent.chain) == path)
            }
        }
        let failure = #expect(throws: Failure.self) { try chain.identity(for: ["00"]) }
        #expect(failure?.message.contains("R (") == true && failure?.message.contains("Older (") == true)
    }

    @Test("fits by Intel's OID or by Intel's OU, and by neither not", arguments: [0, 1, 2, 3])
    func usages(what: Int) throws {
        var profile = CertificateProfile(commonName: "p.example.test", lifetime: .seconds(86_400))
        profile.extendedKeyUsages = ["serverAuth"] + (what & 1 == 0 ? [] : [CertificateProfile.setUpUsage])
        profile.organizationalUnit = what & 2 == 0 ? "intel(r) client setup certificate" : CertificateProfile.setUpUnit
        let leaf = try profile.issue(for: try leafKey.publicKey, by: root, signingWith: rootKey, now: Self.now)
        let chain = try ProvisioningChain(links: [leaf, root], key: leafKey)
        let hashes = [root.fingerprint.hexadecimal]
        if what == 0 {
            #expect(throws: Failure.self) { try chain.check(against: hashes, now: Double(Self.now)) }
        } else {
            try chain.check(against: hashes, now: Double(Self.now))
        }
    }

    @Test(
        "names are refused outside of the policy's domains",
        arguments: [
            ("pc1", false), ("pc1.example.com", false), ("example.test", false), ("pc1.example.test", true),
            ("pc1.sub.example.test", true), ("evilexample.test", false),
        ])
    func policy(name: String, allowed: Bool) throws {
        let policy = NamePolicy(domains: [try Hostname("example.test")])
        let name = try Hostname(name)
        if allowed { try policy.check(name) } else { #expect(throws: Failure.self) { try policy.check(name) } }
    }
}

extension ChainTests {
    @Test(
        "suits the domain of DHCP option 15, and below com and net that of its last two labels",
        arguments: [
            ("p.corp.example.test", "corp.example.test", true), ("p.corp.example.test", "example.test", false),
            ("p.example.test", "corp.example.test", false), ("corp.example.test", "corp.example.test", false),
            ("p.other.example.com", "corp.example.com", true), ("p.example.net", "corp.example.net", true),
            ("p.example.com", "example.net", false), ("example.com", "example.com", false),
        ])
    func domain(commonName: String, domain: String, fits: Bool) throws {
        var profile = CertificateProfile(commonName: commonName, lifetime: .seconds(86_400))
        profile.extendedKeyUsages = ["serverAuth", CertificateProfile.setUpUsage]
        let named = try profile.issue(for: try leafKey.publicKey, by: root, signingWith: rootKey, now: Self.now)
        let chain = try ProvisioningChain(links: [named, root], key: leafKey)
        let hashes = [root.fingerprint.hexadecimal]
        let domain = try Hostname(domain)
        if fits {
            try chain.check(against: hashes, domain: domain, now: Double(Self.now))
        } else {
            let failure = #expect(throws: Failure.self) {
                try chain.check(against: hashes, domain: domain, now: Double(Self.now))
            }
            #expect(failure?.code == .noSuitableChain)
            #expect(failure?.message.contains("DHCP option 15") == true)
            #expect(failure?.hint != nil)
        }
    }
}
