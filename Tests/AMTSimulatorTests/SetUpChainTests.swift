import Foundation
import Testing

@testable import AMTSimulator

@Suite("Set-up checks the chain of the provisioning server")
struct SetUpChainTests {
    private let root: Authority
    private var device: Device

    init() throws {
        root = try Authority()
        device = Device(roots: [[UInt8](repeating: 7, count: 32), try root.hash()])
    }

    private func refusal(
        _ leaf: Authority.Leaf = .init(), suffix: String? = nil, trusted: String? = nil
    ) throws -> String? {
        var firmware = device.firmware
        if let suffix { firmware.dnsSuffix = suffix }
        if let trusted { firmware.trustedSuffix = trusted }
        return firmware.refusal(of: [try root.issue(leaf).certificate, try root.der()])
    }

    @Test("a leaf of Intel's usage under a root of the table is taken")
    func good() throws {
        #expect(try refusal() == nil)
    }

    @Test("Intel's OU stands in for its usage, letter for letter")
    func unit() throws {
        var leaf = Authority.Leaf(unit: "Intel(R) Client Setup Certificate", usages: [Authority.Leaf.serverAuth])
        #expect(try refusal(leaf) == nil)
        leaf.unit = "intel(r) client setup certificate"
        #expect(try refusal(leaf) != nil)
    }

    @Test("without serverAuth, or with neither usage nor OU, it is refused")
    func usages() throws {
        #expect(try refusal(.init(usages: [Authority.Leaf.setUp])) != nil)
        #expect(try refusal(.init(usages: [Authority.Leaf.serverAuth])) != nil)
        #expect(try refusal(.init(usages: [])) != nil)
    }

    @Test("no certificate, and what is no certificate, is refused")
    func none() throws {
        var firmware = device.firmware
        #expect(firmware.refusal(of: []) == "no client certificate")
        #expect(firmware.refusal(of: [[0x30, 0x00]]) != nil)
    }

    @Test("the root has to be in the message: firmware knows only its hash")
    func rootMissing() throws {
        var firmware = device.firmware
        #expect(firmware.refusal(of: [try root.issue().certificate]) != nil)
    }

    @Test("a root whose hash is not in the table is refused")
    func otherRoot() throws {
        let other = try Authority()
        var firmware = device.firmware
        let refusal = firmware.refusal(of: [try other.issue().certificate, try other.der()])
        #expect(refusal == "the root's hash is not in the table")
    }

    @Test("a leaf that the root did not sign is refused, though both are good for themselves")
    func wrongSignature() throws {
        let name = "One Name"
        let impostor = try Authority(name)
        let trusted = try Authority(name)
        var firmware = device.firmware
        firmware.trustedRoots = [try trusted.hash()]
        #expect(firmware.refusal(of: [try impostor.issue().certificate, try trusted.der()]) != nil)
        #expect(firmware.refusal(of: [try trusted.issue().certificate, try trusted.der()]) == nil)
    }

    @Test("four certificates are taken, five are not")
    func length() throws {
        let second = try Authority("Second", under: root)
        let third = try Authority("Third", under: second)
        let fourth = try Authority("Fourth", under: third)
        var firmware = device.firmware
        let tail = [try third.der(), try second.der(), try root.der()]
        #expect(firmware.refusal(of: [try third.issue().certificate] + tail) == nil)
        let long = [try fourth.issue().certificate, try fourth.der()] + tail
        #expect(firmware.refusal(of: long) == "5 certificates, more than four")
    }

    @Test("links in the wrong order are refused")
    func order() throws {
        let second = try Authority("Second", under: root)
        var firmware = device.firmware
        let leaf = try second.issue().certificate
        #expect(firmware.refusal(of: [leaf, try second.der(), try root.der()]) == nil)
        #expect(firmware.refusal(of: [leaf, try root.der(), try second.der()]) != nil)
    }

    @Test(
        "the name's domain is compared with DHCP's",
        arguments: [
            ("prov.corp.example.test", "corp.example.test", true),
            ("PROV.Corp.Example.Test", "corp.example.test", true),
            ("prov.example.test", "corp.example.test", false), ("prov.evil.test", "corp.example.test", false),
            ("corp.example.test", "corp.example.test", false), ("prov.corp.example.test", "", false),
            // .com and .net compare by two labels.
            ("prov.other.example.com", "corp.example.com", true), ("prov.example.net", "corp.example.net", true),
            ("prov.other.com", "corp.example.com", false), ("prov.other.example.org", "corp.example.org", false),
        ])
    func suffix(name: String, suffix: String, fits: Bool) throws {
        #expect(try (refusal(.init(name: name), suffix: suffix) == nil) == fits)
    }

    @Test("a suffix of MEBx goes before DHCP's")
    func trustedSuffix() throws {
        #expect(try refusal(trusted: "mebx.test") != nil)
        #expect(try refusal(.init(name: "prov.mebx.test"), trusted: "mebx.test") == nil)
    }

    @Test("an expired certificate does not block, and is recorded")
    func expired() throws {
        var firmware = device.firmware
        let leaf = try root.issue(.init(ends: Authority.now.addingTimeInterval(-60))).certificate
        #expect(firmware.refusal(of: [leaf, try root.der()]) == nil)
        #expect(!firmware.isTimeValid)
        #expect(firmware.refusal(of: [try root.issue().certificate, try root.der()]) == nil)
        #expect(firmware.isTimeValid)
    }
}

@Suite("Mutual TLS checks the chain of a client")
struct MutualTests {
    @Test("it leads to a trusted root of the store, sent or not, and bears a trusted name")
    func chain() throws {
        let root = try Authority()
        var device = try Device.provisioned()
        let leaf = try root.issue(.init(name: "console.corp.example.test")).certificate
        #expect(device.firmware.refusal(ofClient: [leaf]) != nil, "no root is stored")
        try device.addRoot(root)
        #expect(device.firmware.refusal(ofClient: [leaf]) == nil)
        #expect(device.firmware.refusal(ofClient: [leaf, try root.der()]) == nil)
        #expect(device.firmware.refusal(ofClient: []) != nil)
        #expect(device.firmware.refusal(ofClient: [try Authority().issue().certificate]) != nil)
        device.firmware.committedTLS.remote.trustedCN = ["other.corp.example.test"]
        #expect(device.firmware.refusal(ofClient: [leaf]) != nil)
        device.firmware.committedTLS.remote.trustedCN = ["console.corp.example.test"]
        #expect(device.firmware.refusal(ofClient: [leaf]) == nil)
    }
}
