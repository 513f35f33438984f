import AMTOperations
import LibXML
import Testing
import Vocabulary
import WSMan

@Suite("The setup service")
struct SetupTests {
    func service(_ properties: [(String, String)]) throws -> Setup.Service {
        try Setup.Get.output(from: element("AMT_SetupAndConfigurationService", of: Setup.resource, properties))
    }

    func output(_ method: String, _ values: [(String, String)]) -> XMLElement {
        element("\(method)_OUTPUT", of: Setup.resource, values)
    }

    @Test("is read during setup, with the password that the agent left")
    func duringSetup() throws {
        let service = try service([
            ("DhcpDNSSuffix", "example.org"), ("ConfigurationServerFQDN", "provisionserver.example.org"),
            ("ProvisioningMode", "1"), ("ProvisioningServerOTP", "UEBzc3cwcmQ="), ("ProvisioningState", "1"),
            ("TrustedDNSSuffix", "corp.example.org"), ("ZeroTouchConfigurationEnabled", "false"),
        ])
        #expect(service.provisioningState == .in)
        #expect(service.provisioningMode == 1)
        #expect(service.otp == Secret("P@ssw0rd"))
        #expect(!"\(service)".contains("P@ssw0rd"))
        #expect(service.dhcpDNSSuffix == "example.org")
        #expect(service.trustedDNSSuffix == "corp.example.org")
        #expect(service.configurationServerFQDN == "provisionserver.example.org")
        #expect(service.zeroTouchConfigurationEnabled == false)
    }

    @Test("keeps a state that is not known here, and needs one")
    func states() throws {
        #expect(try service([("ProvisioningState", "9")]).provisioningState == ProvisioningState(rawValue: 9))
        #expect(throws: WSManFault.self) { try service([]) }
        #expect(throws: WSManFault.self) { try service([("ProvisioningState", "post")]) }
    }

    @Test("has a password that is no base64 refused without telling it")
    func damagedOTP() throws {
        let fault = try #require(throws: WSManFault.self) {
            try service([("ProvisioningState", "1"), ("ProvisioningServerOTP", "P@ssw0rd!")])
        }
        #expect("\(fault)".contains("ProvisioningServerOTP"))
        #expect(!"\(fault)".contains("P@ssw0rd"))
    }

    @Test("gives the machine's UUID in SMBIOS order")
    func uuid() throws {
        let machine = try Setup.GetUuid.output(
            from: output("GetUuid", [("UUID", "E67jVdK/u2EXoIiu3XA36g=="), ("ReturnValue", "0")]))
        #expect(machine.text == "55e3ae13-bfd2-61bb-17a0-88aedd7037ea")
        for bad in ["baduuid", "", "E67jVdK/u2EXoIiu3XA3"] {
            #expect(throws: WSManFault.self) {
                try Setup.GetUuid.output(from: output("GetUuid", [("UUID", bad), ("ReturnValue", "0")]))
            }
        }
        #expect(throws: WSManFault.self) {
            try Setup.GetUuid.output(from: output("GetUuid", [("UUID", "E67jVdK/u2EXoIiu3XA36g==")]))
        }
    }

    @Test("a commit that is refused is refused, with what the word means")
    func refusedCommit() throws {
        let fault = try #require(throws: WSManFault.self) {
            try Setup.CommitChanges.output(from: output("CommitChanges", [("ReturnValue", "2057")]))
        }
        guard case .refused(let refusal) = fault else {
            Issue.record("\(fault)")
            return
        }
        #expect(refusal.method == "AMT_SetupAndConfigurationService.CommitChanges")
        #expect(refusal.word == 2057)
        #expect(refusal.meaning?.hasPrefix("DATA_MISSING: a setting is missing") == true)
        #expect(refusal.status == .dataMissing)
    }

    @Test("is not content with the output of another method")
    func anotherMethod() {
        #expect(throws: WSManFault.self) {
            try Setup.CommitChanges.output(from: output("SetMEBxPassword", [("ReturnValue", "0")]))
        }
    }
}
