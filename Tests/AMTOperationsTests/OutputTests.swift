import AMTOperations
import LibXML
import Testing
import Vocabulary
import WSMan

@Suite("An output")
struct OutputTests {
    func output(_ resource: ResourceClass, _ method: String, _ values: [(String, String)]) -> XMLElement {
        element("\(method)_OUTPUT", of: resource, values + [("ReturnValue", "0")])
    }

    @Test("of a new account is its handle, and without one it is unreadable")
    func handle() throws {
        let add = output(Accounts.resource, "AddUserAclEntryEx", [("Handle", "7")])
        #expect(try Accounts.AddUserAclEntryEx.output(from: add) == 7)
        #expect(throws: WSManFault.self) {
            try Accounts.AddUserAclEntryEx.output(from: output(Accounts.resource, "AddUserAclEntryEx", []))
        }
    }

    @Test("of a duplicate account says that it is one")
    func duplicate() throws {
        let refused = element("AddUserAclEntryEx_OUTPUT", of: Accounts.resource, [("ReturnValue", "2058")])
        let fault = try #require(throws: WSManFault.self) { try Accounts.AddUserAclEntryEx.output(from: refused) }
        #expect(fault.status == .duplicate)
        #expect("\(fault)".contains("there already"))
    }

    @Test("of a Kerberos account has its SID")
    func kerberos() throws {
        let entry = try Accounts.GetUserAclEntryEx.output(
            from: output(
                Accounts.resource, "GetUserAclEntryEx",
                [("KerberosUserSid", "AQUAAA=="), ("AccessPermission", "2"), ("Realms", "3"), ("Realms", "99")]))
        #expect(
            entry
                == AccountEntry(
                    identity: .kerberos([1, 5, 0, 0]), access: .any,
                    realms: [.ptAdministration, AccessRealm(rawValue: 99)]))
        #expect(throws: WSManFault.self) {
            try Accounts.GetUserAclEntryEx.output(
                from: output(Accounts.resource, "GetUserAclEntryEx", [("AccessPermission", "2")]))
        }
    }

    @Test("that announces more handles than it lists is unreadable")
    func announced() {
        #expect(throws: WSManFault.self) {
            try Accounts.EnumerateUserAclEntries.output(
                from: output(
                    Accounts.resource, "EnumerateUserAclEntries",
                    [("TotalCount", "2"), ("HandlesCount", "2"), ("Handles", "1")]))
        }
    }

    @Test("of a refused key pair is the refusal, though a reference to nothing comes with it")
    func refusedKeyPair() throws {
        var refused = element("GenerateKeyPair_OUTPUT", of: Store.resource, [("ReturnValue", "2082")])
        refused.children.insert(
            XMLElement(
                "KeyPair", in: Store.resource.uri,
                children: [XMLElement("Address", in: Namespace.addressing, text: "default")]), at: 0)
        let fault = try #require(throws: WSManFault.self) { try Store.GenerateKeyPair.output(from: refused) }
        #expect(fault.status == .operationInProgress)
        #expect(Failure(fault).remedy == .wait)
    }

    @Test("of a certificate request is its bytes, line breaks inside base64 allowed")
    func signedRequest() throws {
        let signed = output(
            Store.resource, "GeneratePKCS10RequestEx", [("SignedCertificateRequest", "MAMC\n AQU=\n")])
        #expect(try Store.GeneratePKCS10RequestEx.output(from: signed) == [0x30, 0x03, 0x02, 0x01, 0x05])
    }

    @Test("of a new certificate that refers to a key is unreadable")
    func wrongReference() {
        let key = EndpointReference(Keys.resource, [Selector("InstanceID", "Intel(r) AMT Key: Handle: 0")])
        var output = output(Store.resource, "AddCertificate", [])
        output.children.insert(
            XMLElement("CreatedCertificate", in: Store.resource.uri, children: key.content), at: 0)
        #expect(throws: WSManFault.self) { try Store.AddCertificate.output(from: output) }
    }

    @Test("of a key pair tells PKCS#1 from SubjectPublicKeyInfo, and takes nothing else")
    func keyForms() throws {
        func pair(_ base64: String) throws -> Keys.KeyPair {
            try Keys.Get.output(
                from: element(
                    "AMT_PublicPrivateKeyPair", of: Keys.resource, [("DERKey", base64), ("InstanceID", "k")]))
        }
        #expect(try pair("MIIBCgKCAQEA").form == .rsaPublicKey)
        #expect(try pair("MIIBIjANBgkq").form == .subjectPublicKeyInfo)
        #expect(try pair("MAMCAQU=").form == .rsaPublicKey)
        for bad in ["MQMCAQU=", "MA==", "MP////8C", "MAMEAQU=", "?"] {
            #expect(throws: WSManFault.self, "\(bad)") { try pair(bad) }
        }
    }

    @Test("of a port whose address is zeros says that there is none")
    func absentPort() throws {
        let port = try Ethernet.Get.output(
            from: element(
                "AMT_EthernetPortSettings", of: Ethernet.resource,
                [
                    ("InstanceID", "Intel(r) AMT Ethernet Port Settings 0"), ("MACAddress", "00-00-00-00-00-00"),
                ]))
        #expect(port.macAddress == nil)
        #expect(port.dhcpEnabled == nil)
    }

    @Test("of the control mode keeps a mode that is not known here, and needs one")
    func controlMode() throws {
        func service(_ properties: [(String, String)]) throws -> HostSetup.Service {
            try HostSetup.Get.output(from: element("IPS_HostBasedSetupService", of: HostSetup.resource, properties))
        }
        #expect(try service([("CurrentControlMode", "3")]).currentControlMode == ControlMode(rawValue: 3))
        #expect(throws: WSManFault.self) { try service([]) }
        #expect(throws: WSManFault.self) { try service([("CurrentControlMode", "1"), ("AllowedControlModes", "x")]) }
        #expect(throws: WSManFault.self) { try service([("CurrentControlMode", "1"), ("ConfigurationNonce", "?")]) }
    }

    @Test("of versions has the firmware's in the part AMT")
    func versions() throws {
        let other = try Versions.Get.output(
            from: element(
                "CIM_SoftwareIdentity", of: Versions.resource, [("InstanceID", "Sku"), ("VersionString", "8")]))
        let amt = try Versions.Get.output(
            from: element(
                "CIM_SoftwareIdentity", of: Versions.resource, [("InstanceID", "AMT"), ("VersionString", "16.1.25")]))
        #expect([other, amt].amtVersion == "16.1.25")
        #expect([other].amtVersion == nil)
    }
}
