import LibXML
import Testing
import WSMan

@Suite("Answers of real firmware", .enabled(if: Vectors.present, Vectors.missing))
struct CaptureTests {
    static let readings =
        accountReadings + certificateReadings + settingsReadings + setupReadings + tlsReadings + faultReadings
        + bootReadings

    /// Files of covered classes that are not read here, and why.
    static let exempt = bootExempt.merging(otherExempt) { $1 }

    private static let otherExempt: [String: String] = [
        "go-wsman-messages/responses/amt/boot/settingdata/put.xml": "made by hand: its RelatesTo is no number",
        "go-wsman-messages/responses/amt/setupandconfiguration/getuuid.xml":
            "made by hand from a request: no RelatesTo, no ReturnValue; its UUID is read in SetupTests",
        "go-wsman-messages/responses/amt/setupandconfiguration/getuuid-bad.xml":
            "made by hand from a request, with a bad UUID; SetupTests refuses one",
        "go-wsman-messages/responses/ips/hostbasedsetup/addnextcertinchain.xml": "a method for programs on the host",
        "go-wsman-messages/responses/ips/hostbasedsetup/adminsetup.xml": "a method for programs on the host",
        "go-wsman-messages/responses/ips/hostbasedsetup/setup.xml": "a method for programs on the host",
        "go-wsman-messages/responses/ips/hostbasedsetup/upgradeclienttoadmin.xml":
            "a method for programs on the host",
        "meshcommander/amtauth_1.json": "no XML: a client's JSON of it, read in AuthenticateTests",
        "meshcommander/amtauth_2.json": "no XML: a client's JSON of it, read in AuthenticateTests",
        "raw-http/rps_wsmanAlreadyExistsAllChunks.http": "HTTP bytes; read in RawHTTPTests",
        "raw-http/rps_wsmanGenSettingsChunk02.http": "a piece of a chunked answer; read whole in RawHTTPTests",
        "rps/AMTMessages.ts/001_AMT_GeneralSettings_GetResponse.xml":
            "a chunk is missing in the middle; whole in raw-http",
        "rps/common.tls.test.ts/001_none_GetResponse.xml": "made by hand: no RelatesTo, no namespaces",
    ]

    /// The classes that AMTOperations covers, and faults.
    static let covered: Set<String> = [
        "AMT_AuthorizationService", "AMT_EthernetPortSettings", "AMT_GeneralSettings", "AMT_PublicKeyCertificate",
        "AMT_PublicKeyManagementService", "AMT_PublicPrivateKeyPair", "AMT_SetupAndConfigurationService",
        "AMT_TLSCredentialContext", "AMT_TLSSettingData", "AMT_TimeSynchronizationService", "CIM_SoftwareIdentity",
        "IPS_HostBasedSetupService", "Fault", "AMT_BootSettingData", "CIM_AssociatedPowerManagementService",
        "CIM_BootConfigSetting", "CIM_BootService", "CIM_PowerManagementService",
    ]

    @Test("of every covered class are read or exempt, and the index has every one")
    func complete() {
        let files = Set(Vectors.index.filter { Self.covered.contains($0.kind) }.map(\.path))
        let read = Set(Self.readings.map(\.path))
        #expect(read.count == Self.readings.count, "a file is listed twice")
        #expect(files.subtracting(read).subtracting(Self.exempt.keys) == [], "neither read nor exempt")
        #expect(read.union(Self.exempt.keys).subtracting(files) == [], "listed here and not in the index")
        #expect(read.intersection(Self.exempt.keys) == [])
    }

    @Test("are read into their typed values", arguments: readings)
    func read(reading: Reading) throws { try reading.check() }

    @Test("of other classes are read as far as their body too")
    func others() throws {
        /// Not answers of a firmware: a request's header edited by hand, a damaged file, and inventions of tests.
        let strange: Set<String> = [
            "go-wsman-messages/responses/amt/boot/settingdata/put.xml",
            "rps/HttpHandler.test.ts/001_CIM_ComputerSystem_noaction.xml", "rps/common.test.ts/001_none_noaction.xml",
            "rps/common.tls.test.ts/002_none_GetResponse.xml",
        ]
        var count = 0
        for entry in Vectors.index
        where entry.path.hasSuffix(".xml") && !Self.covered.contains(entry.kind) && !strange.contains(entry.path) {
            #expect(try Vectors.body(entry.path) != nil, "\(entry.path)")
            count += 1
        }
        #expect(count > 30)
    }

    @Test("whose enumeration names no end are read too")
    func noEnd() throws {
        enum Capabilities: WSManClass {
            typealias Instance = ManagedObject
            static let resource = ResourceClass.cim("PowerManagementCapabilities")
        }
        let body = try Vectors.body("go-wsman-messages/responses/cim/power/capabilities/pull.xml")
        let page = try Pull<Capabilities>.output(from: body)
        #expect(page.instances.count == 1)
        guard case .context(let context)? = page.next else {
            Issue.record("\(String(describing: page.next))")
            return
        }
        #expect(context.hasSuffix("0000-0000-0000-000000000000"))
    }

    @Test("are refused at every length but the whole, and never trap")
    func everyPrefix() throws {
        for reading in Self.readings where reading.path.hasSuffix("get.xml") || reading.path.contains("fault") {
            var bytes = try Vectors.bytes(reading.path)
            while let last = bytes.last, last != UInt8(ascii: ">") { bytes.removeLast() }
            for length in 0..<bytes.count {
                #expect(throws: WSManFault.self, "\(reading.path), \(length) bytes") {
                    try Envelope.answer(Array(bytes.prefix(length)), to: 0)
                }
            }
        }
    }

    @Test("are read or refused, and never trap, when any element is left out or emptied")
    func everyElement() throws {
        var refused = 0
        for reading in Self.readings {
            guard let output = reading.output, let body = try Vectors.body(reading.path) else { continue }
            for variant in body.variants where !output(variant) { refused += 1 }
        }
        #expect(refused > 100)
    }
}

extension XMLElement {
    /// The element with one descendant left out or emptied, for each descendant.
    fileprivate var variants: [XMLElement] {
        children.indices.flatMap { index -> [XMLElement] in
            var without = self
            var emptied = self
            without.children.remove(at: index)
            emptied.children[index].text = ""
            emptied.children[index].children = []
            return [without, emptied]
                + children[index].variants.map { variant in
                    var nested = self
                    nested.children[index] = variant
                    return nested
                }
        }
    }
}
