import Testing
import Vocabulary

@Suite("Words")
struct VocabularyTests {
    @Test("a machine's UUID has its first three fields swapped on the wire")
    func machineID() throws {
        // GetUuid of a captured AMT 12.0.67 answer.
        let wire = try #require(bytes(hexadecimal: "13aee355d2bfbb6117a088aedd7037ea"))
        let machine = try #require(MachineID(smbios: wire))
        #expect(machine.text == "55e3ae13-bfd2-61bb-17a0-88aedd7037ea")
        #expect(machine.smbiosBytes == wire)
        #expect(MachineID("55E3AE13-BFD2-61BB-17A0-88AEDD7037EA") == machine)
    }

    @Test(
        "what is no UUID is not read", arguments: ["", "55e3ae13", "55e3ae13-bfd2-61bb-17a0-88aedd7037eg", "5-5-5-5-5"])
    func noMachineID(text: String) { #expect(MachineID(text) == nil) }

    @Test(
        "UUIDs that many machines share are known",
        arguments: [
            "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "03000200-0400-0500-0006-000700080009",
        ])
    func bogus(text: String) throws { #expect(try #require(MachineID(text)).isBogus) }

    @Test("host names compare without case and trailing dot")
    func hostnames() throws {
        #expect(try Hostname("PC1.Example.COM.") == Hostname("pc1.example.com"))
        #expect(try Hostname("pc1.example.com").host == "pc1")
        #expect(try Hostname("pc1.example.com").domain == "example.com")
    }

    @Test(
        "what is no host name says why",
        arguments: [
            ("", Hostname.Flaw.empty), ("a..b", .labelEmpty), (".a", .labelEmpty), ("-a", .labelHyphen(label: "-a")),
            ("a_b", .character(label: "a_b")), ("a b", .character(label: "a b")), ("a\0b", .character(label: "a\0b")),
            ("🐧", .character(label: "🐧")),
            (String(repeating: "a", count: 64), .labelTooLong(label: String(repeating: "a", count: 64))),
            (String(repeating: "a.", count: 127) + "ab", .tooLong(characters: 256)),
        ])
    func flaws(text: String, flaw: Hostname.Flaw) {
        #expect(throws: flaw) { try Hostname(text) }
    }

    @Test("a label may have 63 characters and a name 253")
    func longest() throws {
        let label = String(repeating: "a", count: 63)
        #expect(try Hostname(label).text == label)
        let name = [label, label, label, String(repeating: "b", count: 61)].joined(separator: ".")
        #expect(name.utf8.count == 253)
        #expect(try Hostname(name).text == name)
    }

    @Test("a secret shows itself to nobody who does not ask")
    func secrets() {
        let secret = Secret("canary-4711")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])", "\(Optional(secret) as Any)"] {
            #expect(!text.contains("canary"))
        }
        #expect(secret.reveal { $0 } == Array("canary-4711".utf8))
        #expect(secret == Secret("canary-4711"))
        #expect(secret != Secret("canary-4712"))
    }
}
