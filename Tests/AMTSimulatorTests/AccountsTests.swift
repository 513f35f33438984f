import Foundation
import LibXML
import Testing

@testable import AMTSimulator

@Suite("AMT_AuthorizationService keeps its limits")
struct AccountsTests {
    private static let type = "AMT_AuthorizationService"

    private static func entry(
        _ name: String, password: String = Data(count: 16).base64EncodedString(), access: String = "2",
        realms: [Int] = [3]
    ) -> String {
        "<h:DigestUsername>\(name)</h:DigestUsername><h:DigestPassword>\(password)</h:DigestPassword>"
            + "<h:AccessPermission>\(access)</h:AccessPermission>"
            + realms.map { "<h:Realms>\($0)</h:Realms>" }.joined()
    }

    private func add(_ device: inout Device, _ input: String) throws -> Int? {
        try device.invoke(Self.type, "AddUserAclEntryEx", input).status
    }

    @Test("seven digest accounts go in, an eighth does not, and one that is removed makes room")
    func sevenAccounts() throws {
        var device = try Device.provisioned()
        for number in 1...7 {
            let (reply, status) = try device.invoke(Self.type, "AddUserAclEntryEx", Self.entry("user\(number)"))
            #expect(status == 0)
            #expect(reply.body?["Handle"]?.text == "\(number)")
        }
        #expect(try add(&device, Self.entry("user8")) == 23)
        #expect(try device.invoke(Self.type, "RemoveUserAclEntry", "<h:Handle>3</h:Handle>").status == 0)
        #expect(try add(&device, Self.entry("user8")) == 0)
        let listed = try device.invoke(Self.type, "EnumerateUserAclEntries", "<h:StartIndex>1</h:StartIndex>").reply
        #expect(listed.body?.all("Handles").map(\.text) == ["1", "2", "4", "5", "6", "7", "8"])
        #expect(listed.body?["TotalCount"]?.text == "7")
    }

    @Test("32 accounts of Kerberos go in beside them")
    func kerberosAccounts() throws {
        var device = try Device.provisioned()
        func sid(_ number: Int) -> String {
            let text = Data([1, 1, 0, 0, 0, 0, 0, 5, UInt8(number), 0, 0, 0]).base64EncodedString()
            return "<h:KerberosUserSid>\(text)</h:KerberosUserSid><h:AccessPermission>2</h:AccessPermission>"
                + "<h:Realms>3</h:Realms>"
        }
        for number in 1...32 { #expect(try add(&device, sid(number)) == 0) }
        #expect(try add(&device, sid(33)) == 23)
        #expect(try add(&device, Self.entry("user1")) == 0)
    }

    @Test(
        "a name that firmware does not take is 12",
        arguments: [
            "", "a23456789012345678", "a:b", "a,b", "&quot;a", "&lt;a", "&gt;a", "&amp;a", "Bäcker", "$$uns", "a b",
        ])
    func names(name: String) throws {
        var device = try Device.provisioned()
        #expect(try add(&device, Self.entry(name)) == 12)
    }

    @Test("a name of sixteen characters is taken")
    func longestName() throws {
        var device = try Device.provisioned()
        #expect(try add(&device, Self.entry("a234567890123456")) == 0)
    }

    @Test(
        "a password that is not base64 of 16 bytes is 2054",
        arguments: [
            "", "not base64!", Data("0ae083011bae3d84fc486ce4ab44ae1d".utf8).base64EncodedString(),
            "0ae083011bae3d84fc486ce4ab44ae1d", Data(count: 15).base64EncodedString(),
        ])
    func passwords(password: String) throws {
        var device = try Device.provisioned()
        #expect(try add(&device, Self.entry("user", password: password)) == 2054)
        let input = "<h:Username>admin</h:Username><h:DigestPassword>\(password)</h:DigestPassword>"
        #expect(try device.invoke(Self.type, "SetAdminAclEntryEx", input).status == 2054)
    }

    @Test("a realm that there is not is 2055", arguments: [[], [0], [1], [22], [25], [3, 99]])
    func realms(realms: [Int]) throws {
        var device = try Device.provisioned()
        #expect(try add(&device, Self.entry("user", realms: realms)) == 2055)
    }

    @Test("a name that is there already is 2058, admin's too, by Add, Update and SetAdminAclEntryEx")
    func duplicates() throws {
        var device = try Device.provisioned()
        #expect(try add(&device, Self.entry("one")) == 0)
        #expect(try add(&device, Self.entry("two")) == 0)
        #expect(try add(&device, Self.entry("one")) == 2058)
        #expect(try add(&device, Self.entry("admin")) == 2058)
        let update = "<h:Handle>2</h:Handle>"
        #expect(try device.invoke(Self.type, "UpdateUserAclEntryEx", update + Self.entry("one")).status == 2058)
        #expect(
            try device.invoke(Self.type, "UpdateUserAclEntryEx", update + Self.entry("two", realms: [5])).status == 0)
        let admin =
            "<h:Username>one</h:Username><h:DigestPassword>\(Data(count: 16).base64EncodedString())</h:DigestPassword>"
        #expect(try device.invoke(Self.type, "SetAdminAclEntryEx", admin).status == 2058)
    }

    @Test(
        "a handle that there is not is 2053",
        arguments: [
            "GetUserAclEntryEx", "UpdateUserAclEntryEx", "RemoveUserAclEntry", "GetAclEnabledState",
            "SetAclEnabledState",
        ])
    func handles(method: String) throws {
        var device = try Device.provisioned()
        #expect(try add(&device, Self.entry("one")) == 0)
        for handle in ["0", "2", "x", ""] {
            let input = "<h:Handle>\(handle)</h:Handle><h:Enabled>true</h:Enabled>" + Self.entry("two")
            #expect(try device.invoke(Self.type, method, input).status == 2053)
        }
    }

    @Test("an entry is read back without its password, and stays disabled when it is updated")
    func readBack() throws {
        var device = try Device.provisioned()
        #expect(try add(&device, Self.entry("one", realms: [5, 13])) == 0)
        let one = "<h:Handle>1</h:Handle>"
        let disable = one + "<h:Enabled>false</h:Enabled>"
        #expect(try device.invoke(Self.type, "SetAclEnabledState", disable).status == 0)
        #expect(
            try device.invoke(Self.type, "UpdateUserAclEntryEx", one + Self.entry("uno", realms: [5, 13])).status == 0)
        let entry = try device.invoke(Self.type, "GetUserAclEntryEx", one).reply
        #expect(
            entry.body?.children.map { "\($0.name) \($0.text)" } == [
                "DigestUsername uno", "AccessPermission 2", "Realms 5", "Realms 13", "ReturnValue 0",
            ])
        let enabled = try device.invoke(Self.type, "GetAclEnabledState", one).reply
        #expect(enabled.body?["Enabled"]?.text == "false")
    }

    @Test("the list begins where it is asked to, and beyond its end is 35")
    func startIndex() throws {
        var device = try Device.provisioned()
        for name in ["one", "two", "three"] { #expect(try add(&device, Self.entry(name)) == 0) }
        func listed(_ start: String) throws -> (handles: [String]?, status: Int?) {
            let (reply, status) = try device.invoke(
                Self.type, "EnumerateUserAclEntries", "<h:StartIndex>\(start)</h:StartIndex>")
            return (reply.body?.all("Handles").map(\.text), status)
        }
        #expect(try listed("2").handles == ["2", "3"])
        for start in ["0", "4", "", "-1"] { #expect(try listed(start).status == 35) }
    }

    @Test("an account removes itself, or does not, by the switch", arguments: [true, false])
    func ownEntry(may: Bool) throws {
        var device = try Device.provisioned()
        device.firmware.personality.switches.accountMayRemoveItself = may
        #expect(try add(&device, Self.entry("temp")) == 0)
        device.user = "temp"
        let status = try device.invoke(Self.type, "RemoveUserAclEntry", "<h:Handle>1</h:Handle>").status
        #expect(status == (may ? 0 : 16))
        #expect(device.firmware.accounts.entries.isEmpty == may)
    }

    @Test("an account without PT Administration reads and changes nothing")
    func limitedAccount() throws {
        var device = try Device.provisioned()
        #expect(try add(&device, Self.entry("reader", realms: [13])) == 0)
        device.user = "reader"
        #expect(try device.get("AMT_GeneralSettings").status == 200)
        #expect(try device.put("AMT_GeneralSettings", "<h:HostName>x</h:HostName>").fault == "e:AccessDenied")
        #expect(try device.invoke(Self.type, "AddUserAclEntryEx", Self.entry("more")).reply.fault == "e:AccessDenied")
        #expect(device.firmware.accounts.entries.count == 1)
    }

    @Test("admin's password is the factory's until it is set")
    func adminStatus() throws {
        var device = Device()
        func isDefault() throws -> String? {
            try device.invoke(Self.type, "GetAdminAclEntryStatus").reply.body?["IsDefault"]?.text
        }
        #expect(try isDefault() == "true")
        try device.setAdminPassword()
        #expect(try isDefault() == "false")
    }
}
