import AMTOperations
import LibXML
import Testing
import Vocabulary
import WSMan

@Suite("Secrets in operations")
struct SecretTests {
    /// What prints, dumps and interpolates an operation can show of it.
    func shown(_ value: some Any) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        return "\(value) \(String(reflecting: value)) \(dumped)"
    }

    @Test("are in the request and in nothing that is printed of the operation")
    func printed() throws {
        let password = "Gehe1m!Wort"
        let operation = Setup.SetMEBxPassword(Secret(password))
        #expect(try body(operation).children.first?["Password"]?.text == password)
        #expect(!shown(operation).contains(password))

        let digest = try DigestA1(Secret([UInt8](1...16)))
        let account = Accounts.DigestAccount(name: "n", digest: digest, access: .any, realms: [.ptAdministration])
        let add = Accounts.AddUserAclEntryEx(account)
        let text = try #require(try body(add).children.first?["DigestPassword"]?.text)
        #expect(text == "AQIDBAUGBwgJCgsMDQ4PEA==")
        #expect(!shown(add).contains(text))
        #expect(!shown(add).contains("1, 2, 3"))

        let key = Store.AddKey(Secret([UInt8](1...16)))
        #expect(try body(key).children.first?["KeyBlob"]?.text == text)
        #expect(!shown(key).contains(text))
        #expect(!shown(key).contains("1, 2, 3"))
    }

    @Test("that are no digest of an account are not taken as one")
    func wrongDigest() throws {
        for wrong in [Secret(""), Secret("0ae083011bae3d84fc486ce4ab44ae1d"), Secret([UInt8](repeating: 7, count: 15))]
        {
            let fault = try #require(throws: WSManFault.self) { try DigestA1(wrong) }
            #expect("\(fault)".contains("16 bytes"))
        }
    }

    @Test("with a character that XML cannot say are refused without being told")
    func impossible() throws {
        let fault = try #require(throws: WSManFault.self) { try body(Setup.SetMEBxPassword(Secret("Gehe1m\u{7}"))) }
        #expect("\(fault)".contains("Password"))
        #expect(!"\(fault)".contains("Gehe1m"))
    }
}
