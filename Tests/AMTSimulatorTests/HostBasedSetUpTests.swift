import CryptoExtras
import Foundation
import LibXML
import Testing
import X509

@testable import AMTSimulator

@Suite("Set-up from the host")
struct HostBasedSetUpTests {
    private static let type = "IPS_HostBasedSetupService"
    private static let key: RSAKey = {
        guard let key = try? RSAKey(keySize: .bits2048) else { fatalError("no key pair") }
        return key
    }()

    private let root: Authority
    private let leaf: [UInt8]

    init() throws {
        root = try Authority()
        leaf = try root.certificate(of: .init(Self.key.publicKey))
    }

    private func device(_ personality: Personality = .amt12) throws -> Device {
        var device = Device(personality, roots: [try root.hash()])
        device.user = "$$OsAdmin"
        return device
    }

    private func password(_ device: Device) -> String {
        let hash = md5("admin:\(device.firmware.digestRealm):\(Device.password)").hexadecimal
        return "<h:NetAdminPassEncryptionType>2</h:NetAdminPassEncryptionType>"
            + "<h:NetworkAdminPassword>\(hash)</h:NetworkAdminPassword>"
    }

    private func add(_ der: [UInt8], to device: inout Device, leaf: Bool = false, root: Bool = false) throws -> Int? {
        try device.invoke(
            Self.type, "AddNextCertInChain",
            "<h:NextCertificate>\(Data(der).base64EncodedString())</h:NextCertificate>"
                + "<h:IsLeafCertificate>\(leaf)</h:IsLeafCertificate><h:IsRootCertificate>\(root)</h:IsRootCertificate>"
        ).status
    }

    private func addChain(to device: inout Device) throws {
        #expect(try add(leaf, to: &device, leaf: true) == 0)
        #expect(try device.get(Self.type).body?["CertChainStatus"]?.text == "1")
        #expect(try add(try root.der(), to: &device, root: true) == 0)
        #expect(try device.get(Self.type).body?["CertChainStatus"]?.text == "2")
    }

    /// The signature of the nonce that the device shows now and one of ours.
    private func signature(_ device: inout Device, key: RSAKey = key) throws -> String {
        let shown = try device.get(Self.type).body?["ConfigurationNonce"]?.text ?? ""
        let nonce = Data(repeating: 7, count: 20)
        let signed = try key.signature(
            for: (Data(base64Encoded: shown) ?? Data()) + nonce, padding: .insecurePKCS1v1_5)
        return "<h:McNonce>\(nonce.base64EncodedString())</h:McNonce><h:SigningAlgorithm>2</h:SigningAlgorithm>"
            + "<h:DigitalSignature>\(signed.rawRepresentation.base64EncodedString())</h:DigitalSignature>"
    }

    @Test("Setup ends in client control mode, with the password given in hex, and only once")
    func client() throws {
        var device = try device()
        let nonce = device.firmware.configurationNonce
        #expect(try device.invoke(Self.type, "Setup", "").status == 3)
        let input = password(device)
        let base64 = input.replacing(/Password>[0-9a-f]{32}/) { _ in "Password>AAAAAAAAAAAAAAAAAAAAAA==" }
        #expect(try device.invoke(Self.type, "Setup", base64).status == 3)
        #expect(try device.invoke(Self.type, "Setup", input).status == 0)
        #expect(device.firmware.controlMode == 1 && device.firmware.provisioningState == .post)
        #expect(device.firmware.accounts.adminA1 == md5("admin:\(device.firmware.digestRealm):\(Device.password)"))
        #expect(device.firmware.configurationNonce != nonce && device.firmware.commits == 1)
        #expect(try device.get("AMT_SetupAndConfigurationService").body?["ProvisioningMode"]?.text == "4")
        #expect(try device.invoke(Self.type, "Setup", input).status == 2)
    }

    @Test("Setup is refused once client control mode is off")
    func disabled() throws {
        var device = try device()
        #expect(try device.invoke(Self.type, "DisableClientControlMode").status == 0)
        #expect(try device.get(Self.type).body?.all("AllowedControlModes").map(\.text) == ["2"])
        #expect(try device.invoke(Self.type, "Setup", password(device)).status == 4)
    }

    @Test("the host's account may do this and change nothing else")
    func hostAccount() throws {
        var device = try device()
        let commit = try device.invoke("AMT_SetupAndConfigurationService", "CommitChanges").reply
        #expect(commit.fault == "e:AccessDenied")
        #expect(try device.invoke(Self.type, "Setup", password(device)).status == 0)
    }

    @Test("AdminSetup ends in admin control mode when the leaf of a good chain signed both nonces")
    func admin() throws {
        var device = try device()
        let early = try password(device) + signature(&device)
        #expect(try device.invoke(Self.type, "AdminSetup", early).status == 2, "no chain")
        try addChain(to: &device)
        let forged = try password(device) + signature(&device, key: RSAKey(keySize: .bits2048))
        #expect(try device.invoke(Self.type, "AdminSetup", forged).status == 5)
        let good = try password(device) + signature(&device)
        let other = good.replacing("SigningAlgorithm>2", with: "SigningAlgorithm>1")
        #expect(try device.invoke(Self.type, "AdminSetup", other).status == 3)
        #expect(try device.invoke(Self.type, "AdminSetup", good).status == 0)
        #expect(device.firmware.controlMode == 2 && device.firmware.accounts.adminA1 != nil)
        #expect(try device.get(Self.type).body?["CertChainStatus"]?.text == "0")
        #expect(try device.invoke(Self.type, "AdminSetup", good).status == 2)
    }

    @Test("where AdminSetup is gone it is disabled")
    func adminGone() throws {
        var device = try device()
        device.firmware.personality.hasAdminSetup = false
        try addChain(to: &device)
        #expect(try device.invoke(Self.type, "AdminSetup", password(device) + signature(&device)).status == 4)
    }

    @Test("UpgradeClientToAdmin keeps the password, and a signature of an old nonce is refused")
    func upgrade() throws {
        var device = try device()
        #expect(try device.invoke(Self.type, "UpgradeClientToAdmin", signature(&device)).status == 2)
        let old = try signature(&device)
        #expect(try device.invoke(Self.type, "Setup", password(device)).status == 0)
        let hash = device.firmware.accounts.adminA1
        try addChain(to: &device)
        #expect(try device.invoke(Self.type, "UpgradeClientToAdmin", old).status == 5)
        #expect(try device.invoke(Self.type, "UpgradeClientToAdmin", signature(&device)).status == 0)
        #expect(device.firmware.controlMode == 2 && device.firmware.accounts.adminA1 == hash)
    }

    @Test("a chain begins with its leaf, ends in a trusted root, fits the domain, and has four certificates at most")
    func chains() throws {
        var device = try device()
        #expect(try add([1, 2, 3], to: &device, leaf: true) == 1)
        #expect(try add(try root.der(), to: &device, root: true) == 3, "no leaf yet")
        #expect(try add(leaf, to: &device, leaf: true) == 0)
        #expect(try add(leaf, to: &device, leaf: true) == 3, "a second leaf")
        #expect(try add(try Authority().der(), to: &device, root: true) == 4, "another root")
        #expect(try device.get(Self.type).body?["CertChainStatus"]?.text == "0")
        let foreign = try root.certificate(.init(name: "prov.evil.test"), of: .init(Self.key.publicKey))
        #expect(try add(foreign, to: &device, leaf: true) == 0)
        #expect(try add(try root.der(), to: &device, root: true) == 4, "another domain")
        #expect(try add(leaf, to: &device, leaf: true) == 0)
        for _ in 0..<3 { #expect(try add(try root.der(), to: &device) == 0) }
        #expect(try add(try root.der(), to: &device, root: true) == 5)
    }

    @Test("what was collected is gone with the power and with unprovisioning")
    func forgotten() throws {
        var device = try device()
        try addChain(to: &device)
        device.firmware.powerCut()
        #expect(try device.get(Self.type).body?["CertChainStatus"]?.text == "0")
        try addChain(to: &device)
        device.firmware.unprovision(partially: true)
        #expect(try device.get(Self.type).body?["CertChainStatus"]?.text == "0")
    }
}
