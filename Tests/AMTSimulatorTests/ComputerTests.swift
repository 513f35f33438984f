import Foundation
import LibXML
import TestKit
import Testing

@testable import AMTSimulator

@Suite("The computer, its port and its table of roots")
struct ComputerTests {
    private static let port = "AMT_EthernetPortSettings"
    private static let wired = selector("InstanceID", "Intel(r) AMT Ethernet Port Settings 0")

    @Test("the case and both systems are where the package's association points")
    func computer() throws {
        var device = try Device.provisioned()
        let chassis = try device.get("CIM_Chassis").body
        #expect(chassis?["Tag"]?.text == "CIM_Chassis" && chassis?["PackageType"]?.text == "3")
        #expect(try device.items("CIM_ComputerSystem").map { $0["Name"]?.text } == ["ManagedSystem", "Intel(r) AMT"])
        let association = try #require(try device.get("CIM_ComputerSystemPackage").body)
        for (end, type) in [("Antecedent", "CIM_Chassis"), ("Dependent", "CIM_ComputerSystem")] {
            let parameters = association[end]?["ReferenceParameters"]
            #expect(parameters?["ResourceURI"]?.text == Namespace.ofClass(type))
            let selectors = (parameters?["SelectorSet"]?.children ?? []).map { chosen in
                "<w:Selector Name=\"\(chosen.attribute("Name") ?? "")\">\(chosen.text)</w:Selector>"
            }
            let found = try device.get(type, "<w:SelectorSet>\(selectors.joined())</w:SelectorSet>")
            #expect(found.status == 200 && found.body?.name == type, "\(found.text)")
        }
        device.firmware.machine.powerState = 8
        #expect(try device.items("CIM_ComputerSystem").map { $0["EnabledState"]?.text } == ["3", "2"])
    }

    @Test("the boot service's state is switched from 16 on, and its other numbers are 5")
    func bootService() throws {
        for personality in Personality.all {
            var device = try Device.provisioned(personality)
            let asked = "<h:RequestedState>32770</h:RequestedState>"
            let reply = try device.invoke("CIM_BootService", "RequestStateChange", asked)
            let isNew = [.amt16, .amt18, .amt19].contains(personality)
            #expect(reply.status == (isNew ? 0 : nil), "\(personality.name)")
            #expect(reply.reply.fault == (isNew ? nil : "b:ActionNotSupported"))
            #expect(try device.get("CIM_BootService").body?["EnabledState"]?.text == (isNew ? "32770" : "2"))
            let none = "<h:RequestedState>3</h:RequestedState>"
            #expect(try device.invoke("CIM_BootService", "RequestStateChange", none).status == (isNew ? 5 : nil))
        }
    }

    @Test("a static address wants its mask; with DHCP, addresses in a Put count for nothing")
    func address() throws {
        var device = try Device.provisioned()
        let own = device.firmware.ipv4.address
        let stated = "<h:IPAddress>10.0.0.9</h:IPAddress>"
        let reply = try device.put(Self.port, "<h:DHCPEnabled>true</h:DHCPEnabled>\(stated)", Self.wired)
        #expect(reply.body?["IPAddress"]?.text == own)
        let alone = "<h:DHCPEnabled>false</h:DHCPEnabled><h:IpSyncEnabled>false</h:IpSyncEnabled>\(stated)"
        #expect(try device.put(Self.port, alone, Self.wired).fault == "e:InternalError")
        #expect(try device.get(Self.port, Self.wired).body?["DHCPEnabled"]?.text == "true", "nothing of it was taken")
        let whole = try device.put(Self.port, alone + "<h:SubnetMask>255.0.0.0</h:SubnetMask>", Self.wired).body
        #expect(whole?["IPAddress"]?.text == "10.0.0.9" && whole?["SubnetMask"]?.text == "255.0.0.0")
        #expect(try device.put(Self.port, "<h:LinkPolicy>7</h:LinkPolicy>", Self.wired).fault == "e:InternalError")
        #expect(try device.put(Self.port, "<h:DHCPEnabled>no</h:DHCPEnabled>", Self.wired).status == 400)
        let wireless = selector("InstanceID", "Intel(r) AMT Ethernet Port Settings 1")
        #expect(try device.put(Self.port, "", wireless).fault == "b:DestinationUnreachable", "there is no such port")
    }

    @Test("the table of roots tells each hash; one that is switched off opens nothing and is in no hello")
    func roots() throws {
        let authority = try Authority()
        let root = try authority.der()
        let hashes = [Personality.RootHash.sha256.digest(root), Personality.RootHash.sha1.digest([1])]
        var device = Device(roots: hashes)
        let type = "AMT_ProvisioningCertificateHash"
        let items = try device.items(type)
        #expect(items.map { $0["HashData"]?.text } == hashes.map { Data($0).base64EncodedString() })
        #expect(items.map { $0["HashType"]?.text } == ["2", "1"])
        let chain = [try authority.issue().certificate, root]
        #expect(device.firmware.refusal(of: chain) == nil)
        let first = selector("InstanceID", items[0]["InstanceID"]?.text ?? "")
        let off = try device.put(type, "<h:Enabled>false</h:Enabled>", first)
        #expect(off.body?["Enabled"]?.text == "false", "\(off.text)")
        #expect(device.firmware.refusal(of: chain)?.contains("not in the table") == true)
        #expect(device.firmware.hello(retry: 0)[24...].prefix(3) == [1, 1, 20])
        let entry = device.firmware.hostInterface(bytes("010100002d0000040400000000000000")).first ?? []
        #expect(HostBytes.number(entry, at: 20) == 0, "the host reads that it is not active")
        #expect(try device.put(type, "<h:Enabled>maybe</h:Enabled>", first).status == 400)
        #expect(try device.put(type, "<h:Enabled>true</h:Enabled>", first).status == 200)
        #expect(device.firmware.refusal(of: chain) == nil)
    }

    @Test("a key pair is refused with 2082 as often as one is said to be in the making")
    func busy() async throws {
        try await withBench(number: 96, ["--do", #"{"do":"keyBusy","times":2}"#]) { bench in
            try await bench.provision()
            let input = "<h:KeyAlgorithm>0</h:KeyAlgorithm><h:KeyLength>2048</h:KeyLength>"
            var statuses: [String] = []
            for _ in 1...3 {
                statuses.append(
                    try await bench.invoke(
                        "AMT_PublicKeyManagementService", "GenerateKeyPair", input, as: .digest(Device.password)))
            }
            #expect(statuses == ["2082", "2082", "0"])
        }
    }
}
