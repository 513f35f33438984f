import Certificates
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

    @Test("is not made of links in the wrong order, without a root, or with another key")
    func unmade() throws {
        #expect(throws: Failure.self) { try ProvisioningChain(links: [root, leaf], key: leafKey) }
        #expect(throws: Failure.self) { try ProvisioningChain(links: [leaf], key: leafKey) }
        #expect(throws: Failure.self) { try ProvisioningChain(links: [leaf, root], key: rootKey) }
        #expect(throws: Failure.self) { try ProvisioningChain(links: [], key: rootKey) }
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
