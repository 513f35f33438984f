import Foundation
import LibXML
import Testing

@testable import AMTSimulator

@Suite("Settings of boot and redirection, and classes that others descend from")
struct BootSettingTests {
    @Test("a boot setting counts for one boot, and what cannot be written is answered as it was")
    func bootSettings() throws {
        var device = try Device.provisioned()
        let type = "AMT_BootSettingData"
        let body =
            "<h:BIOSSetup>true</h:BIOSSetup><h:BootMediaIndex>1</h:BootMediaIndex><h:RPEEnabled>false</h:RPEEnabled>"
            + "<h:RSEPassword>secret</h:RSEPassword>"
        let put = try device.put(type, body)
        #expect(put.body?["BIOSSetup"]?.text == "true" && put.body?["BootMediaIndex"]?.text == "1")
        #expect(put.body?["RPEEnabled"]?.text == "true" && put.body?["OptionsCleared"]?.text == "false")
        #expect(!put.text.contains("secret"))
        #expect(try device.put(type, "<h:BIOSSetup>maybe</h:BIOSSetup>").fault == "d:InvalidRepresentation")
        device.firmware.machine.boot()
        let after = try device.get(type).body
        #expect(after?["BIOSSetup"]?.text == "false" && after?["OptionsCleared"]?.text == "true")
    }

    @Test("redirection is switched by state and by Put, and an unknown state is refused")
    func redirection() throws {
        var device = try Device.provisioned()
        let type = "AMT_RedirectionService"
        func request(_ state: Int) throws -> Int? {
            try device.invoke(type, "RequestStateChange", "<h:RequestedState>\(state)</h:RequestedState>").status
        }
        #expect(try request(32769) == 0)
        #expect(try device.get(type).body?["EnabledState"]?.text == "32769")
        #expect(try request(2) == 5)
        let put = try device.put(type, "<h:ListenerEnabled>false</h:ListenerEnabled>").body
        #expect(put?["ListenerEnabled"]?.text == "false" && put?["EnabledState"]?.text == "32769")
        #expect(try device.put(type, "<h:EnabledState>7</h:EnabledState>").fault == "d:InvalidRepresentation")
        device.firmware.unprovision(partially: true)
        #expect(try device.get(type).body?["EnabledState"]?.text == "32771")
    }

    @Test("where the end comes late, a second pull brings it and nothing else, and a third is a fault")
    func endsLate() throws {
        var device = try Device.provisioned()
        let type = "CIM_PowerManagementCapabilities"
        let first = try device.pull(type)
        #expect(first.body?["Items"]?.children.count == 1 && first.body?["EndOfSequence"] == nil)
        let context = try #require(first.body?["EnumerationContext"]?.text)
        let second = try device.pull(type, context: context)
        #expect(second.body?["Items"]?.children.isEmpty == true && second.body?["EndOfSequence"] != nil)
        #expect(try device.pull(type, context: context).fault == "c:InvalidEnumerationContext")
    }

    @Test("the record of provisioning is there once the machine is set up")
    func record() throws {
        var device = Device()
        let type = "IPS_ProvisioningRecordLog"
        #expect(try device.get(type).body?["CurrentNumberOfRecords"]?.text == "0")
        device = try Device.provisioned()
        #expect(try device.get(type).body?["CurrentNumberOfRecords"]?.text == "1")
    }

    @Test("the record is of the way in which the machine was set up, and tells of the server that did it")
    func records() throws {
        let kinds = ["IPS_TLSProvisioningRecord", "IPS_AdminProvisioningRecord", "IPS_ClientProvisioningRecord"]
        func counts(_ device: inout Device) throws -> [Int] { try kinds.map { try device.items($0).count } }
        let root = try Authority()
        var device = Device(roots: [try root.hash()])
        #expect(try counts(&device) == [0, 0, 0])
        #expect(device.firmware.refusal(of: [try root.issue().certificate, try root.der()]) == nil)
        device.firmware.asker = "127.0.0.9"
        try device.setAdminPassword()
        try device.rename("pc1", "corp.example.test")
        #expect(try device.invoke("AMT_SetupAndConfigurationService", "CommitChanges").status == 0)
        #expect(try counts(&device) == [1, 0, 0])
        let record = try #require(try device.items(kinds[0]).first)
        #expect(record["ProvServerFQDN"]?.text == "prov.corp.example.test" && record["SecureDNS"]?.text == "false")
        #expect(record["SelectedHashData"]?.text == Data(try root.hash()).base64EncodedString())
        #expect(record["SelectedHashType"]?.text == "2" && record["ProvServerIP"]?.text == "127.0.0.9")
        #expect(record["IsTimeValid"]?.text == "true" && record["HostInitiated"]?.text == "false")
        #expect(record["CreationTimeStamp"]?["Datetime"]?.text == "2022-01-31T10:23:04Z")
        device.firmware.unprovision(partially: false)
        #expect(try counts(&device) == [0, 0, 0])
        device.firmware.enter(controlMode: 1, password: [UInt8](repeating: 1, count: 16))
        #expect(try counts(&device) == [0, 0, 1])
        device.firmware.unprovision(partially: false)
        device.firmware.enter(controlMode: 2, password: nil)
        #expect(try counts(&device) == [0, 1, 0])
    }
}
