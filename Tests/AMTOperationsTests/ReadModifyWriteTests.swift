import AMTOperations
import LibXML
import Testing
import Vocabulary
import WSMan

@Suite("Settings that were read, changed and written back")
struct ReadModifyWriteTests {
    /// As firmware gives it, with two properties that no firmware has: one flat and one with elements of its own.
    static let general = element(
        "AMT_GeneralSettings", of: AMT.GeneralSettings.resource,
        [
            ("AMTNetworkEnabled", "1"), ("DDNSTTL", "900"), ("DDNSUpdateEnabled", "false"),
            ("DigestRealm", "Digest:F3EB554784E729164447A89F60B641C5"), ("DomainName", ""), ("HostName", "old"),
            ("Invented", " kept & <as> it is "), ("Invented", ""), ("SharedFQDN", "true"), ("ZInvented", "é"),
        ])

    /// `general`, with a property that is more than a text.
    static var odd: XMLElement {
        var settings = general
        let date = XMLElement(
            "Datetime", in: "http://schemas.dmtf.org/wbem/wscim/1/common", text: "2018-08-09T15:45:00Z")
        let nil_ = XMLAttribute("nil", in: Namespace.schemaInstance, value: "true")
        settings.children.append(
            XMLElement("InventedDate", in: AMT.GeneralSettings.resource.uri, attributes: [nil_], children: [date]))
        return settings
    }

    @Test("go back as they came when nothing was changed, properties in their order and unknown ones with them")
    func unchanged() throws {
        let settings = try General.Get.output(from: Self.odd)
        #expect(try body(General.Put(settings)).children == [Self.odd])
    }

    @Test("go back with exactly what was changed")
    func changed() throws {
        var settings = try General.Get.output(from: Self.odd)
        settings.hostName = "pc7"
        settings.domainName = "example.org"
        settings.sharedFQDN = false
        var expected = Self.odd
        for index in expected.children.indices {
            switch expected.children[index].name {
            case "HostName": expected.children[index].text = "pc7"
            case "DomainName": expected.children[index].text = "example.org"
            case "SharedFQDN": expected.children[index].text = "false"
            default: break
            }
        }
        #expect(try body(General.Put(settings)).children == [expected])
        #expect(settings.hostName == "pc7")
        #expect(settings.sharedFQDN == false)
    }

    @Test("take a property that the firmware had left out, and lose one that is set to nil")
    func addedAndRemoved() throws {
        var settings = try General.Get.output(from: Self.general)
        #expect(settings.hostOSFQDN == "")
        settings.hostOSFQDN = "pc7.example.org"
        settings.ddnsTTL = nil
        let names = try body(General.Put(settings)).children.first?.children.map(\.name)
        #expect(
            names == [
                "AMTNetworkEnabled", "DDNSUpdateEnabled", "DigestRealm", "DomainName", "HostName", "HostOSFQDN",
                "Invented", "Invented", "SharedFQDN", "ZInvented",
            ])
    }

    @Test("set every property that has a name here, and only that one")
    func everySetter() throws {
        let before = try General.Get.output(from: Self.general)
        let setters: [(String, String, (inout General.Settings) -> Void)] = [
            ("HostName", "x", { $0.hostName = "x" }), ("DomainName", "x", { $0.domainName = "x" }),
            ("HostOSFQDN", "x", { $0.hostOSFQDN = "x" }), ("SharedFQDN", "false", { $0.sharedFQDN = false }),
            ("DDNSUpdateEnabled", "true", { $0.ddnsUpdateEnabled = true }),
            ("DDNSUpdateByDHCPServerEnabled", "true", { $0.ddnsUpdateByDHCPServerEnabled = true }),
            ("DDNSPeriodicUpdateInterval", "20", { $0.ddnsPeriodicUpdateInterval = 20 }),
            ("DDNSTTL", "60", { $0.ddnsTTL = 60 }),
            ("PingResponseEnabled", "false", { $0.pingResponseEnabled = false }),
            ("RmcpPingResponseEnabled", "true", { $0.rmcpPingResponseEnabled = true }),
        ]
        for (name, value, set) in setters {
            var settings = before
            set(&settings)
            #expect(settings.object.text(name) == value)
            let others = settings.object.properties.filter { $0.name != name }
            #expect(others == before.object.properties.filter { $0.name != name }, "\(name)")
        }
    }

    @Test("of TLS go back to the interface they came from, names of clients as a list")
    func tls() throws {
        let remote = "Intel(r) AMT 802.3 TLS Settings"
        let read = element(
            "AMT_TLSSettingData", of: AMT.TLSSettingData.resource,
            [
                ("AcceptNonSecureConnections", "true"), ("ElementName", remote), ("Enabled", "false"),
                ("InstanceID", remote), ("Invented", "7"), ("MutualAuthentication", "false"),
                ("NonSecureConnectionsSupported", "true"), ("TrustedCN", "a"), ("TrustedCN", "b"),
            ])
        var settings = try TLSSettings.Get.output(from: read)
        #expect(settings.trustedCommonNames == ["a", "b"])
        #expect(settings.nonSecureConnectionsSupported == true)
        settings.enabled = true
        settings.acceptNonSecureConnections = false
        settings.mutualAuthentication = true
        settings.trustedCommonNames = ["server.example.org"]
        let put = TLSSettings.Put(settings)
        #expect(put.selectors == [Selector("InstanceID", remote)])
        #expect(
            try body(put).children == [
                element(
                    "AMT_TLSSettingData", of: AMT.TLSSettingData.resource,
                    [
                        ("AcceptNonSecureConnections", "false"), ("ElementName", remote), ("Enabled", "true"),
                        ("InstanceID", remote), ("Invented", "7"), ("MutualAuthentication", "true"),
                        ("NonSecureConnectionsSupported", "true"), ("TrustedCN", "server.example.org"),
                    ])
            ])
        settings.trustedCommonNames = []
        #expect(try body(TLSSettings.Put(settings)).children.first?.all("TrustedCN") == [])
    }

    @Test(
        "of real firmware go back as they came, an invented property with them",
        .enabled(if: Vectors.present, Vectors.missing),
        arguments: ["amt/general/get", "amt/tls/settingdata/get"])
    func captures(file: String) throws {
        var read = try #require(try Vectors.body("go-wsman-messages/responses/\(file).xml"))
        read.children.insert(XMLElement("Invented", in: read.namespace, text: "1 < 2"), at: 3)
        if file.contains("general") {
            #expect(try body(General.Put(try General.Get.output(from: read))).children == [read])
        } else {
            #expect(try body(TLSSettings.Put(try TLSSettings.Get.output(from: read))).children == [read])
        }
    }

    @Test("are not read when a property that has a name here is not of its type")
    func wrongTypes() throws {
        for (name, value) in [("SharedFQDN", "perhaps"), ("DDNSTTL", "-1"), ("DDNSUpdateEnabled", "")] {
            var settings = Self.general
            settings.children.removeAll { $0.name == name }
            settings.children.append(XMLElement(name, in: settings.namespace, text: value))
            let fault = try #require(throws: WSManFault.self) { try General.Get.output(from: settings) }
            #expect("\(fault)".contains(name))
        }
        var realmless = Self.general
        realmless.children.removeAll { $0.name == "DigestRealm" }
        #expect(throws: WSManFault.self) { try General.Get.output(from: realmless) }
    }
}
