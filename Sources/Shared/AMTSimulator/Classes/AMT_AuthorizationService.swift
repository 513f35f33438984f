import Foundation
import LibXML

enum AMT_AuthorizationService: FirmwareClass {
    static let name = "AMT_AuthorizationService"
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var properties = serviceProperties(name, "Intel(r) AMT Authorization Service")
        properties["AllowHttpQopAuthOnly"] = .text("1")
        return [instance(properties)]
    }

    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        switch method {
        case "AddUserAclEntryEx": return try add(&firmware, input)
        case "UpdateUserAclEntryEx": return try update(&firmware, input)
        case "RemoveUserAclEntry": return remove(&firmware, input, user)
        case "EnumerateUserAclEntries": return enumerate(firmware, input)
        case "GetUserAclEntryEx":
            guard let entry = entry(firmware, input) else { return .status(2053) }
            let identity: (String, PropertyValue) =
                entry.sid.map { ("KerberosUserSid", .text($0)) } ?? ("DigestUsername", .text(entry.name))
            return MethodAnswer(
                outputs: [
                    identity, ("AccessPermission", .number(entry.access)),
                    ("Realms", .list(entry.realms.map { "\($0)" })),
                ], status: 0)
        case "GetAclEnabledState":
            guard let entry = entry(firmware, input) else { return .status(2053) }
            return MethodAnswer(outputs: [("Enabled", .boolean(entry.enabled))], status: 0)
        case "SetAclEnabledState":
            guard let place = place(firmware, input) else { return .status(2053) }
            guard let enabled = truth(input["Enabled"]?.text) else { return .status(36) }
            firmware.accounts.entries[place].enabled = enabled
            return .status(0)
        case "SetAdminAclEntryEx":
            guard let name = input["Username"]?.text, isName(name) else { return .status(12) }
            guard let a1 = a1(input) else { return .status(2054) }
            guard name == firmware.accounts.adminName || firmware.accounts.isFree(name) else { return .status(2058) }
            firmware.accounts.adminName = name
            firmware.accounts.adminA1 = a1
            return .status(0)
        case "GetAdminAclEntry":
            return MethodAnswer(outputs: [("Username", .text(firmware.accounts.adminName))], status: 0)
        case "GetAdminAclEntryStatus", "GetAdminNetAclEntryStatus":
            return MethodAnswer(outputs: [("IsDefault", .boolean(firmware.accounts.adminA1 == nil))], status: 0)
        default: throw .actionNotSupported
        }
    }

    private static func add(_ firmware: inout SimulatedFirmware, _ input: XMLElement) throws(WSFault) -> MethodAnswer {
        let (entry, status) = read(input)
        guard let entry else { return .status(status) }
        let added = firmware.accounts.add(entry)
        guard added.status == 0 else { return .status(added.status) }
        return MethodAnswer(outputs: [("Handle", .number(added.handle))], status: 0)
    }

    private static func update(_ firmware: inout SimulatedFirmware, _ input: XMLElement) throws(WSFault) -> MethodAnswer
    {
        guard let place = place(firmware, input) else { return .status(2053) }
        let (entry, status) = read(input)
        guard var entry else { return .status(status) }
        entry.handle = firmware.accounts.entries[place].handle
        entry.enabled = firmware.accounts.entries[place].enabled
        guard firmware.accounts.isFree(entry.name, but: entry.handle) else { return .status(2058) }
        firmware.accounts.entries[place] = entry
        return .status(0)
    }

    private static func remove(
        _ firmware: inout SimulatedFirmware, _ input: XMLElement, _ user: String?
    ) -> MethodAnswer {
        guard let place = place(firmware, input) else { return .status(2053) }
        if firmware.accounts.entries[place].name == user, !firmware.personality.switches.accountMayRemoveItself {
            return .status(16)
        }
        firmware.accounts.entries.remove(at: place)
        return .status(0)
    }

    private static func enumerate(_ firmware: SimulatedFirmware, _ input: XMLElement) -> MethodAnswer {
        let all = firmware.accounts.entries.map(\.handle)
        guard let start = Int(input["StartIndex"]?.text ?? ""), start >= 1 else { return .status(35) }
        guard start <= max(all.count, 1) else { return .status(35) }
        let page = all.dropFirst(start - 1).prefix(50)
        return MethodAnswer(
            outputs: [
                ("TotalCount", .number(all.count)), ("HandlesCount", .number(page.count)),
                ("Handles", .list(page.map { "\($0)" })),
            ], status: 0)
    }

    private static func read(_ input: XMLElement) -> (Accounts.Entry?, UInt32) {
        let realms = input.all("Realms").compactMap { UInt32($0.text) }
        guard !realms.isEmpty, realms.allSatisfy({ (2...24).contains($0) && $0 != 22 }) else { return (nil, 2055) }
        guard let access = UInt32(input["AccessPermission"]?.text ?? ""), access <= 2 else { return (nil, 36) }
        if let sid = input["KerberosUserSid"]?.text {
            guard let bytes = Data(base64Encoded: sid), (1...28).contains(bytes.count), bytes.count % 4 == 0 else {
                return (nil, 36)
            }
            return (.init(handle: 0, name: sid, sid: sid, a1: [], access: access, realms: realms), 0)
        }
        guard let name = input["DigestUsername"]?.text, isName(name) else { return (nil, 12) }
        guard let a1 = a1(input) else { return (nil, 2054) }
        return (.init(handle: 0, name: name, sid: nil, a1: a1, access: access, realms: realms), 0)
    }

    /// 1 to 16 characters of seven bits, none of those that break a digest header; `$$` is the system's.
    private static func isName(_ name: String) -> Bool {
        (1...16).contains(name.utf8.count) && !name.hasPrefix("$$")
            && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && !",:\"&<>".utf8.contains($0) }
    }

    /// Base64 of the 16 raw bytes of an MD5; hex text, which one peer sends, is refused.
    private static func a1(_ input: XMLElement) -> [UInt8]? {
        guard let bytes = Data(base64Encoded: input["DigestPassword"]?.text ?? ""), bytes.count == 16 else {
            return nil
        }
        return Array(bytes)
    }

    private static func place(_ firmware: SimulatedFirmware, _ input: XMLElement) -> Int? {
        let handle = UInt32(input["Handle"]?.text ?? "")
        return firmware.accounts.entries.firstIndex { $0.handle == handle }
    }

    private static func entry(_ firmware: SimulatedFirmware, _ input: XMLElement) -> Accounts.Entry? {
        place(firmware, input).map { firmware.accounts.entries[$0] }
    }
}
