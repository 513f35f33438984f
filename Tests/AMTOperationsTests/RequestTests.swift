import AMTOperations
import Testing
import Vocabulary
import WSMan

/// Requests as they leave, whole: a golden changes only with the protocol.
@Suite("A request")
struct RequestTests {
    static let amt = "http://intel.com/wbem/wscim/1/amt-schema/1/"
    static let anonymous = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

    /// The envelope around an action, selectors and a body, the message's number being 7.
    func envelope(_ action: String, _ resource: String, selectors: String = "", _ body: String) -> String {
        """
        <?xml version="1.0" encoding="utf-8"?><Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
        xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
        xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns="http://www.w3.org/2003/05/soap-envelope">\
        <Header><a:Action>\(action)</a:Action><a:To>/wsman</a:To><w:ResourceURI>\(resource)</w:ResourceURI>\
        <a:MessageID>7</a:MessageID><a:ReplyTo><a:Address>\(Self.anonymous)</a:Address></a:ReplyTo>\
        <w:OperationTimeout>PT60S</w:OperationTimeout>\(selectors)</Header><Body>\(body)</Body></Envelope>
        """
    }

    /// A method's request: its parameters in their order.
    func method(_ resource: String, _ method: String, _ parameters: String) -> String {
        envelope(
            "\(Self.amt)\(resource)/\(method)", Self.amt + resource,
            "<h:\(method)_INPUT xmlns:h=\"\(Self.amt)\(resource)\">\(parameters)</h:\(method)_INPUT>")
    }

    func transfer(_ verb: String, _ resource: String, selectors: String = "", _ body: String = "") -> String {
        envelope(
            "http://schemas.xmlsoap.org/ws/2004/09/transfer/\(verb)", Self.amt + resource, selectors: selectors, body)
    }

    func selector(_ name: String, _ value: String) -> String {
        "<w:SelectorSet><w:Selector Name=\"\(name)\">\(value)</w:Selector></w:SelectorSet>"
    }

    /// The inside of a reference to an instance.
    func reference(_ resource: String, _ name: String, _ value: String) -> String {
        """
        <a:Address>\(Self.anonymous)</a:Address><a:ReferenceParameters>\
        <w:ResourceURI>\(Self.amt)\(resource)</w:ResourceURI>\(selector(name, value))</a:ReferenceParameters>
        """
    }

    func text<Operation: WSManOperation>(_ operation: Operation) throws -> String {
        String(decoding: try Envelope.request(operation, messageID: 7), as: UTF8.self)
    }

    /// The worked example: `admin:Digest:F3EB554784E729164447A89F60B641C5:P@ssw0rd`.
    let digest = "0ae083011bae3d84fc486ce4ab44ae1d"

    func account() throws -> Accounts.DigestAccount {
        let secret = Secret(try #require(bytes(hexadecimal: digest)))
        return Accounts.DigestAccount(
            name: "namesake", digest: try DigestA1(secret), access: .any, realms: [.ptAdministration, .generalInfo])
    }

    @Test("for setup")
    func setup() throws {
        let service = "AMT_SetupAndConfigurationService"
        #expect(try text(Setup.Get()) == transfer("Get", service))
        #expect(try text(Setup.GetUuid()) == method(service, "GetUuid", ""))
        #expect(try text(Setup.CommitChanges()) == method(service, "CommitChanges", ""))
        #expect(
            try text(Setup.ExtendProvisioningPeriod(hours: 6))
                == method(service, "ExtendProvisioningPeriod", "<h:Duration>6</h:Duration>"))
        #expect(
            try text(Setup.SetMEBxPassword(Secret("P@ss<w0rd")))
                == method(service, "SetMEBxPassword", "<h:Password>P@ss&lt;w0rd</h:Password>"))
        #expect(try text(Setup.PartialUnprovision()) == method(service, "PartialUnprovision", ""))
        #expect(
            try text(Setup.Unprovision())
                == method(service, "Unprovision", "<h:ProvisioningMode>1</h:ProvisioningMode>"))
    }

    @Test("for accounts carries the digest as base64 of its 16 bytes and repeats the realms")
    func accounts() throws {
        let service = "AMT_AuthorizationService"
        let written = """
            <h:DigestUsername>namesake</h:DigestUsername><h:DigestPassword>CuCDARuuPYT8SGzkq0SuHQ==</h:DigestPassword>\
            <h:AccessPermission>2</h:AccessPermission><h:Realms>3</h:Realms><h:Realms>13</h:Realms>
            """
        #expect(try text(Accounts.AddUserAclEntryEx(account())) == method(service, "AddUserAclEntryEx", written))
        #expect(
            try text(Accounts.UpdateUserAclEntryEx(handle: 4, account()))
                == method(service, "UpdateUserAclEntryEx", "<h:Handle>4</h:Handle>" + written))
        #expect(
            try text(Accounts.SetAdminAclEntryEx(name: "admin", digest: account().digest))
                == method(
                    service, "SetAdminAclEntryEx",
                    "<h:Username>admin</h:Username><h:DigestPassword>CuCDARuuPYT8SGzkq0SuHQ==</h:DigestPassword>"))
        #expect(
            try text(Accounts.EnumerateUserAclEntries())
                == method(service, "EnumerateUserAclEntries", "<h:StartIndex>1</h:StartIndex>"))
        for (request, name) in [
            (try text(Accounts.GetUserAclEntryEx(handle: 4)), "GetUserAclEntryEx"),
            (try text(Accounts.RemoveUserAclEntry(handle: 4)), "RemoveUserAclEntry"),
            (try text(Accounts.GetAclEnabledState(handle: 4)), "GetAclEnabledState"),
        ] { #expect(request == method(service, name, "<h:Handle>4</h:Handle>")) }
        #expect(
            try text(Accounts.SetAclEnabledState(handle: 4, enabled: false))
                == method(service, "SetAclEnabledState", "<h:Handle>4</h:Handle><h:Enabled>false</h:Enabled>"))
        #expect(try text(Accounts.GetAdminAclEntry()) == method(service, "GetAdminAclEntry", ""))
        #expect(try text(Accounts.GetAdminAclEntryStatus()) == method(service, "GetAdminAclEntryStatus", ""))
        #expect(try text(Accounts.GetAdminNetAclEntryStatus()) == method(service, "GetAdminNetAclEntryStatus", ""))
    }

    @Test("for keys and certificates")
    func store() throws {
        let service = "AMT_PublicKeyManagementService"
        #expect(
            try text(Store.GenerateKeyPair())
                == method(
                    service, "GenerateKeyPair",
                    "<h:KeyAlgorithm>0</h:KeyAlgorithm><h:KeyLength>2048</h:KeyLength>"))
        let key = "Intel(r) AMT Key: Handle: 0"
        #expect(
            try text(
                Store.GeneratePKCS10RequestEx(keyPair: key, nullSignedRequest: [0x30, 0x00], algorithm: .sha384))
                == method(
                    service, "GeneratePKCS10RequestEx",
                    "<h:KeyPair>" + reference("AMT_PublicPrivateKeyPair", "InstanceID", key) + """
                        </h:KeyPair><h:SigningAlgorithm>2</h:SigningAlgorithm>\
                        <h:NullSignedCertificateRequest>MAA=</h:NullSignedCertificateRequest>
                        """))
        let blob = "<h:CertificateBlob>MAA=</h:CertificateBlob>"
        #expect(try text(Store.AddCertificate([0x30, 0])) == method(service, "AddCertificate", blob))
        #expect(
            try text(Store.AddTrustedRootCertificate([0x30, 0])) == method(service, "AddTrustedRootCertificate", blob))
        #expect(
            try text(Store.AddKey(Secret([0x30, 0]))) == method(service, "AddKey", "<h:KeyBlob>MAA=</h:KeyBlob>"))
        #expect(
            try text(Keys.Get(key))
                == transfer("Get", "AMT_PublicPrivateKeyPair", selectors: selector("InstanceID", key)))
        #expect(
            try text(Keys.Delete(key))
                == transfer("Delete", "AMT_PublicPrivateKeyPair", selectors: selector("InstanceID", key)))
        let certificate = "Intel(r) AMT Certificate: Handle: 1"
        #expect(
            try text(Certificates.Get(certificate))
                == transfer("Get", "AMT_PublicKeyCertificate", selectors: selector("InstanceID", certificate)))
        #expect(
            try text(Certificates.Delete(certificate))
                == transfer("Delete", "AMT_PublicKeyCertificate", selectors: selector("InstanceID", certificate)))
    }

    @Test("for the certificate that TLS presents names it and the collection, and in selectors the one before")
    func context() throws {
        let (old, new) = ("Intel(r) AMT Certificate: Handle: 1", "Intel(r) AMT Certificate: Handle: 2")
        let collection = reference(
            "AMT_TLSProtocolEndpointCollection", "ElementName", "TLSProtocolEndpoint Instances Collection")
        let body = """
            <h:AMT_TLSCredentialContext xmlns:h="\(Self.amt)AMT_TLSCredentialContext"><h:ElementInContext>\
            \(reference("AMT_PublicKeyCertificate", "InstanceID", new))</h:ElementInContext>\
            <h:ElementProvidingContext>\(collection)</h:ElementProvidingContext></h:AMT_TLSCredentialContext>
            """
        let selectors = """
            <w:SelectorSet><w:Selector Name="ElementInContext"><a:EndpointReference>\
            \(reference("AMT_PublicKeyCertificate", "InstanceID", old))</a:EndpointReference></w:Selector>\
            <w:Selector Name="ElementProvidingContext"><a:EndpointReference>\(collection)</a:EndpointReference>\
            </w:Selector></w:SelectorSet>
            """
        let name = "AMT_TLSCredentialContext"
        #expect(try text(TLSContext.Create(certificate: new)) == transfer("Create", name, body))
        #expect(try text(TLSContext.Put(certificate: new)) == transfer("Put", name, body))
        #expect(
            try text(TLSContext.Put(certificate: new, replacing: old))
                == transfer("Put", name, selectors: selectors, body))
        #expect(try text(TLSContext.Delete(certificate: old)) == transfer("Delete", name, selectors: selectors))
    }

    @Test("for the clock, the ports, TLS settings, versions and the control mode")
    func others() throws {
        #expect(
            try text(Clock.GetLowAccuracyTimeSynch())
                == method("AMT_TimeSynchronizationService", "GetLowAccuracyTimeSynch", ""))
        #expect(
            try text(
                Clock.SetHighAccuracyTimeSynch(
                    firmwareTime: 1_644_240_911, received: 1_644_240_943, sending: 1_644_240_943))
                == method(
                    "AMT_TimeSynchronizationService", "SetHighAccuracyTimeSynch",
                    "<h:Ta0>1644240911</h:Ta0><h:Tm1>1644240943</h:Tm1><h:Tm2>1644240943</h:Tm2>"))
        #expect(
            try text(Ethernet.Get(.wireless))
                == transfer(
                    "Get", "AMT_EthernetPortSettings",
                    selectors: selector("InstanceID", "Intel(r) AMT Ethernet Port Settings 1")))
        #expect(
            try text(TLSSettings.Get(.local))
                == transfer(
                    "Get", "AMT_TLSSettingData", selectors: selector("InstanceID", "Intel(r) AMT LMS TLS Settings")))
        let cim = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_SoftwareIdentity"
        #expect(
            try text(Enumerate<Versions>())
                == envelope(
                    "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate", cim,
                    "<Enumerate xmlns=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\"></Enumerate>"))
        #expect(
            try text(Versions.Get(part: "AMT"))
                == envelope(
                    "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", cim, selectors: selector("InstanceID", "AMT"),
                    ""))
        let ips = "http://intel.com/wbem/wscim/1/ips-schema/1/IPS_HostBasedSetupService"
        #expect(
            try text(HostSetup.Get()) == envelope("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", ips, ""))
    }
}
