import AMTHI
import Testing
import Vocabulary

@Suite("Commands of the host interface")
struct CommandTests {
    @Test("are sent as the bytes that peers send")
    func requests() throws {
        #expect(GetProvisioningState().message.bytes == golden(Golden.provisioningState))
        #expect(GetControlMode().message.bytes == golden(Golden.controlMode))
        #expect(GetUUID().message.bytes == golden(Golden.uuid))
        #expect(GetFQDN().message.bytes == golden(Golden.fqdn))
        #expect(GetPkiFQDNSuffix().message.bytes == golden(Golden.suffix))
        #expect(GetLocalSystemAccount().message.bytes == golden(Golden.account))
        #expect(GetCodeVersions().message.bytes == golden(Golden.codeVersions))
        let set = try #require(SetHostFQDN(name: "pc1.example.com"))
        #expect(set.message.bytes == golden(Golden.setHostFQDN))
    }

    @Test("read their answers into values")
    func answers() throws {
        #expect(try GetProvisioningState.read(golden(Golden.provisioningStatePost)) == .post)
        #expect(try GetControlMode.read(golden(Golden.controlModeAdmin)) == .admin)
        #expect(
            try GetUUID.read(golden(Golden.uuidAnswer)) == MachineID("939b524b-13d4-1d18-e487-1c697a6b7a2b"))
        #expect(try GetPkiFQDNSuffix.read(golden(Golden.suffixAnswer)) == "example.com")
        #expect(try GetPkiFQDNSuffix.read(golden(Golden.suffixAnswerEmpty)).isEmpty)
        try SetHostFQDN.read(golden(Golden.setHostFQDNAnswer))
    }

    @Test("read the firmware's name with its settings")
    func name() throws {
        let answer = try GetFQDN.read(golden(Golden.fqdnAnswer))
        #expect(
            answer
                == FirmwareFQDN(
                    shared: true, dnsUpdateEnabled: false, dnsUpdateMinutes: 1440, dnsTTLSeconds: 900,
                    hostNameLength: 3, name: "pc1.example.com"))
        #expect(try GetFQDN.read(golden(Golden.fqdnAnswerEmpty)).name.isEmpty)
    }

    @Test("read versions by their names")
    func versions() throws {
        let versions = try GetCodeVersions.read(golden(Golden.codeVersionsAnswer))
        #expect(versions.bios == "BIOS")
        #expect(versions.amt == "12.0.67.1579")
        #expect(versions.sku == nil)
        #expect(CodeVersions(bios: "", entries: [.init(name: "AMT", value: "9.1.45")]).amt == "9.1.45")
    }

    @Test("keep the account's password secret, with and without padding")
    func account() throws {
        let padded = golden(Golden.accountAnswer)
        var bare = Array(padded.dropLast(2))
        bare[8] = 0x46
        for message in [padded, bare] {
            let account = try GetLocalSystemAccount.read(message)
            #expect(account.user == "$$OsAdmin")
            #expect(account.password == Secret("canary"))
            #expect(!"\(account)".contains("canary"))
        }
    }

    @Test("that read may be repeated, and the one that writes may not")
    func repeatable() throws {
        var channel = Playback(answer: golden(Golden.controlModeAdmin))
        _ = try channel.perform(GetControlMode())
        channel.answer = golden(Golden.setHostFQDNAnswer)
        try channel.perform(try #require(SetHostFQDN(name: "a.b")))
        #expect(channel.repeatable == [true, false])
    }

    @Test("carry no name that does not fit, and none with a NUL")
    func longNames() {
        #expect(SetHostFQDN(name: String(repeating: "a", count: 254)) != nil)
        #expect(SetHostFQDN(name: String(repeating: "a", count: 255)) == nil)
        #expect(SetHostFQDN(name: "a\0b") == nil)
    }
}
