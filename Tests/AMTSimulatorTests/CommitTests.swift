import Foundation
import LibXML
import Testing

@testable import AMTSimulator

@Suite("CommitChanges keeps its conditions")
struct CommitTests {
    private static let type = "AMT_SetupAndConfigurationService"
    private static let remote = selector("InstanceID", "Intel(r) AMT 802.3 TLS Settings")
    private static let settings = "AMT_TLSSettingData"

    private func commit(_ device: inout Device) throws -> Int? {
        try device.invoke(Self.type, "CommitChanges").status
    }

    @Test("set-up ends in admin control mode, once host name and password are there")
    func setUp() throws {
        var device = Device()
        #expect(try commit(&device) == 2057, "neither host name nor password")
        try device.setAdminPassword()
        #expect(try commit(&device) == 2057, "no host name")
        try device.rename("pc1", "corp.example.test")
        #expect(device.firmware.provisioningState == .in)
        #expect(try commit(&device) == 0)
        #expect(device.firmware.provisioningState == .post)
        #expect(device.firmware.controlMode == 2)
        let service = try device.get(Self.type).body
        #expect(service?["ProvisioningState"]?.text == "2")
        #expect(service?["DhcpDNSSuffix"] == nil)
        #expect(try device.get("IPS_HostBasedSetupService").body?["CurrentControlMode"]?.text == "2")
    }

    @Test("set-up ends without a host name where the switch says so")
    func withoutName() throws {
        var device = Device()
        device.firmware.personality.switches.commitWantsHostName = false
        #expect(try commit(&device) == 2057, "no password")
        try device.setAdminPassword()
        #expect(try commit(&device) == 0)
        #expect(device.firmware.controlMode == 2 && device.firmware.names.hostName.isEmpty)
    }

    @Test("set-up does not end on the factory's password")
    func factoryPassword() throws {
        var device = Device()
        try device.rename("pc1", "corp.example.test")
        #expect(try commit(&device) == 2057)
    }

    @Test("TLS that is on lacks its certificate", arguments: ["802.3", "LMS"])
    func certificateMissing(which: String) throws {
        var device = try Device.provisioned()
        _ = try device.put(
            Self.settings, tlsBody(which, enabled: true), selector("InstanceID", "Intel(r) AMT \(which) TLS Settings"))
        #expect(try commit(&device) == 2057)
        try device.addCertificates(1)
        #expect(try commit(&device) == 2057, "the certificate is not selected")
        _ = try device.create("AMT_TLSCredentialContext", device.contextBody(0))
        #expect(try commit(&device) == 0)
    }

    @Test("mutual TLS wants a trusted root and a clock")
    func mutual() throws {
        var device = try Device.provisioned()
        try device.addCertificates(1)
        _ = try device.create("AMT_TLSCredentialContext", device.contextBody(0))
        _ = try device.put(Self.settings, tlsBody("802.3", enabled: true, mutual: true), Self.remote)
        #expect(try commit(&device) == 2057)
        try device.addRoot()
        #expect(try commit(&device) == 2057)
        let times = "<h:Ta0>1644240911</h:Ta0><h:Tm1>1644240943</h:Tm1><h:Tm2>1644240943</h:Tm2>"
        #expect(try device.invoke("AMT_TimeSynchronizationService", "SetHighAccuracyTimeSynch", times).status == 0)
        #expect(try commit(&device) == 0)
    }

    @Test("a TLS change shows on the port only after the commit, and a power cut before it undoes it")
    func pending() throws {
        var device = try Device.provisioned()
        let selfSigned = try SelfSigned(uuid: "x", now: device.firmware.now)
        func served() -> [UInt8] { device.firmware.servedIdentity(selfSigned: selfSigned).certificate }
        try device.addCertificates(2)
        _ = try device.create("AMT_TLSCredentialContext", device.contextBody(0))
        _ = try device.put(Self.settings, tlsBody("802.3", enabled: true), Self.remote)
        #expect(served() == selfSigned.certificate)
        #expect(try commit(&device) == 0)
        #expect(served() == device.firmware.store.certificates[0]?.der)
        _ = try device.put("AMT_TLSCredentialContext", device.contextBody(1))
        #expect(served() == device.firmware.store.certificates[0]?.der)
        var cut = device
        #expect(try commit(&device) == 0)
        #expect(served() == device.firmware.store.certificates[1]?.der)
        cut.firmware.powerCut()
        #expect(try cut.items("AMT_TLSCredentialContext").description.contains("Handle: 0"))
    }

    @Test("what set-up wrote and did not commit is gone with the power")
    func powerCutInSetUp() throws {
        var device = Device()
        try device.setAdminPassword()
        try device.rename("pc1", "corp.example.test")
        try device.addCertificates(1)
        device.firmware.powerCut()
        #expect(try device.get("AMT_GeneralSettings").body?["HostName"]?.text == "")
        #expect(try device.items("AMT_PublicKeyCertificate").isEmpty)
        #expect(try commit(&device) == 2057)
    }

    @Test("partial unprovisioning keeps admin and names, and opens set-up again")
    func partially() throws {
        var device = try Device.provisioned()
        try device.addCertificates(1)
        device.firmware.accounts.entries = [.init(handle: 1, name: "x", sid: nil, a1: [], access: 2, realms: [3])]
        let nonce = device.firmware.configurationNonce
        #expect(try device.invoke(Self.type, "PartialUnprovision").status == 0)
        #expect(device.firmware.provisioningState == .in)
        #expect(device.firmware.controlMode == 0)
        #expect(device.firmware.accounts.adminA1 != nil)
        #expect(device.firmware.accounts.entries.isEmpty)
        #expect(device.firmware.names.hostName == "pc1")
        #expect(try device.items("AMT_PublicKeyCertificate").isEmpty)
        #expect(device.firmware.configurationNonce != nonce)
        #expect(device.firmware.hello(retry: 0)[0] == 1, "admin's password is set")
    }

    @Test("full unprovisioning clears names and admin, and closes")
    func fully() throws {
        var device = try Device.provisioned()
        for wrong in ["", "<h:ProvisioningMode>4</h:ProvisioningMode>"] {
            #expect(try device.invoke(Self.type, "Unprovision", wrong).status == 36)
        }
        let input = "<h:ProvisioningMode>1</h:ProvisioningMode>"
        #expect(try device.invoke(Self.type, "Unprovision", input).status == 0)
        #expect(device.firmware.provisioningState == .pre)
        #expect(device.firmware.accounts.adminA1 == nil)
        #expect(device.firmware.names.hostName == "")
    }

    @Test(
        "a MEBx password has each kind of character",
        arguments: [
            ("P@ssw0rd", 0), ("P@ss0", 2054), ("P@ssword", 2054), ("Passw0rd", 2054), ("Passw0rd_", 2054),
            ("p@ssw0rd", 2054), ("P@SSW0RD", 2054), ("P@ssw0rd,", 2054), ("P@ssw0rd:", 2054), ("", 2054),
            ("P@ssw0rd56789012345678901234567890123", 2054),
        ])
    func mebxPassword(password: String, status: Int) throws {
        var device = Device()
        let input = "<h:Password>\(password)</h:Password>"
        #expect(try device.invoke(Self.type, "SetMEBxPassword", input).status == status)
    }

    @Test(
        "the maker's policy says when MEBx takes a password: at any time, in set-up, or once",
        arguments: [
            (Personality.MEBxPolicy.anytime, [0, 0, 0]), (.duringSetUp, [0, 0, 16]), (.defaultOnly, [0, 16, 16]),
        ])
    func mebxPolicy(policy: Personality.MEBxPolicy, statuses: [Int]) throws {
        var (device, managed) = (Device(), try Device.provisioned())
        device.firmware.personality.switches.mebxPolicy = policy
        managed.firmware.personality.switches.mebxPolicy = policy
        func set(_ device: inout Device) throws -> Int? {
            try device.invoke(Self.type, "SetMEBxPassword", "<h:Password>P@ssw0rd</h:Password>").status
        }
        let found = [try set(&device), try set(&device), try set(&managed)]
        #expect(found == statuses)
    }

    @Test("a commit wants a password of MEBx that is not the factory's where it is told to, as AMT 19 does")
    func wantsMEBxPassword() throws {
        var device = Device()
        try device.setAdminPassword()
        try device.rename("pc1", "corp.example.test")
        device.firmware.personality.needsMEBxPassword = true
        #expect(try device.invoke(Self.type, "CommitChanges").status == 2057)
        let input = "<h:Password>P@ssw0rd</h:Password>"
        #expect(try device.invoke(Self.type, "SetMEBxPassword", input).status == 0)
        #expect(try device.invoke(Self.type, "CommitChanges").status == 0)
    }

    @Test("the set-up period is extended in set-up alone, by 24 hours at most")
    func extend() throws {
        var device = Device()
        func extend(_ hours: String) throws -> Int? {
            try device.invoke(Self.type, "ExtendProvisioningPeriod", "<h:Duration>\(hours)</h:Duration>").status
        }
        #expect(try extend("24") == 0)
        #expect(try extend("25") == 36)
        device = try Device.provisioned()
        #expect(try extend("6") == 32)
    }

    @Test("an extended set-up closes when its hours are over, and at once with none")
    func window() throws {
        var device = Device()
        let start = device.firmware.now
        func extend(_ hours: Int) throws -> Int? {
            try device.invoke(Self.type, "ExtendProvisioningPeriod", "<h:Duration>\(hours)</h:Duration>").status
        }
        #expect(try extend(6) == 0)
        device.firmware.now = start + 6 * 3600 - 1
        #expect(device.firmware.admission(tls: true) == .chainForSetUp)
        device.firmware.now = start + 6 * 3600
        #expect(device.firmware.admission(tls: true) == .closed)
        device.firmware.unprovision(partially: true)
        #expect(device.firmware.admission(tls: true) == .chainForSetUp)
        #expect(try extend(0) == 0)
        #expect(device.firmware.admission(tls: true) == .closed)
    }

    @Test("the one-time password is read in set-up alone, has 8 to 32 bytes, and goes with the commit")
    func oneTimePassword() throws {
        var device = Device()
        func shown() throws -> String? { try device.get(Self.type).body?["ProvisioningServerOTP"]?.text }
        func put(_ text: String) throws -> Int {
            let value = Data(text.utf8).base64EncodedString()
            return try device.put(Self.type, "<h:ProvisioningServerOTP>\(value)</h:ProvisioningServerOTP>").status
        }
        let zeros = Data(count: 32).base64EncodedString()
        #expect(try shown() == zeros)
        #expect(try put("seven77") == 400)
        #expect(try put("a one-time password") == 200)
        // The field is 32 bytes wide, as the captured one of a managed firmware.
        #expect(
            try shown() == Data("a one-time password".utf8 + [UInt8](repeating: 0, count: 13)).base64EncodedString())
        try device.setAdminPassword()
        try device.rename("pc1", "corp.example.test")
        #expect(try device.invoke(Self.type, "CommitChanges").status == 0)
        #expect(try shown() == zeros)
        #expect(device.firmware.oneTimePassword.isEmpty)
        #expect(try put("for the next set-up") == 200)
        #expect(try shown() == zeros)
    }

    @Test("GetUuid gives the UUID in SMBIOS order")
    func uuid() throws {
        var device = Device()
        let reply = try device.invoke(Self.type, "GetUuid").reply
        #expect(reply.body?["UUID"]?.text == "E67jVdK/u2EXoIiu3XA36g==")
    }
}
