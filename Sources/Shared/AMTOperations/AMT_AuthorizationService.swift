package import LibXML
import Vocabulary
package import WSMan

extension AMT {
    /// The firmware's accounts; one instance.
    ///
    /// At most 7 digest accounts besides the admin. A caller needs the realm of PT administration or of ACL.
    package enum AuthorizationService: WSManClass {
        package typealias Instance = ManagedObject
        package static let resource = ResourceClass.amt("AuthorizationService")
        package typealias Get = WSMan.Get<AuthorizationService>

        /// What every method of the class may answer.
        ///
        /// Source: `authorization/decoder.go` in go-wsman-messages, which lists them for the class as a whole.
        static let refusals = PTStatus.refusals(
            [1, 12, 16, 23, 35, 38, 2053, 2054, 2055, 2058, 2065, 2075],
            [
                12: "an account's name has 1 to 16 characters of ASCII without , : \" & < >",
                23: "all accounts are taken: 7 digest, 32 Kerberos",
                35: "no account has this place",
                2053: "no account has this handle",
                2054: "the digest of the password is not 16 bytes",
                2058: "an account of this name is there already",
                2065: "accounts of too many Kerberos domains",
                2075: "the audit log could not record it, and the auditor demands that it does",
            ])
    }
}

extension AMT.AuthorizationService {
    /// Adds a digest account, enabled.
    ///
    /// The output is the account's handle.
    package struct AddUserAclEntryEx: WSManOperation {
        package static let resource = AMT.AuthorizationService.resource
        package static let verb = Verb.invoke("AddUserAclEntryEx")
        package static let refusals = AMT.AuthorizationService.refusals
        package let account: DigestAccount

        package init(_ account: DigestAccount) { self.account = account }

        package var input: [XMLElement] { account.elements }

        package static func output(from body: XMLElement?) throws(WSManFault) -> UInt32 {
            try number("Handle", in: try accepted(body))
        }
    }

    /// Writes an account anew, by its handle.
    package struct UpdateUserAclEntryEx: WSManOperation {
        package static let resource = AMT.AuthorizationService.resource
        package static let verb = Verb.invoke("UpdateUserAclEntryEx")
        package static let refusals = AMT.AuthorizationService.refusals
        package let handle: UInt32
        package let account: DigestAccount

        package init(handle: UInt32, _ account: DigestAccount) {
            self.handle = handle
            self.account = account
        }

        package var input: [XMLElement] { [Self.element("Handle", "\(handle)")] + account.elements }
    }

    /// A digest account as it is written.
    package struct DigestAccount: Sendable {
        package let name: String
        package let digest: DigestA1
        package let access: AccessPermission
        package let realms: [AccessRealm]

        /// Names an account; its digest is of this name and of the firmware's realm.
        package init(name: String, digest: DigestA1, access: AccessPermission, realms: [AccessRealm]) {
            self.name = name
            self.digest = digest
            self.access = access
            self.realms = realms
        }

        /// Realms are a repeated element, not a nested one.
        var elements: [XMLElement] {
            [
                AddUserAclEntryEx.element("DigestUsername", name),
                AddUserAclEntryEx.element("DigestPassword", base64(revealing: digest.secret)),
                AddUserAclEntryEx.element("AccessPermission", "\(access.rawValue)"),
            ] + realms.map { AddUserAclEntryEx.element("Realms", "\($0.rawValue)") }
        }
    }

    /// Removes an account.
    package struct RemoveUserAclEntry: WSManOperation {
        package static let resource = AMT.AuthorizationService.resource
        package static let verb = Verb.invoke("RemoveUserAclEntry")
        package static let refusals = AMT.AuthorizationService.refusals
        package let handle: UInt32

        package init(handle: UInt32) { self.handle = handle }

        package var input: [XMLElement] { [Self.element("Handle", "\(handle)")] }
    }

    /// Lists handles of accounts, the admin's not among them.
    package struct EnumerateUserAclEntries: WSManOperation {
        package static let resource = AMT.AuthorizationService.resource
        package static let verb = Verb.invoke("EnumerateUserAclEntries")
        package static let refusals = AMT.AuthorizationService.refusals
        package let start: UInt32

        /// - Parameter start: The place of the first handle wanted, counted from 1.
        package init(start: UInt32 = 1) { self.start = start }

        package var input: [XMLElement] { [Self.element("StartIndex", "\(start)")] }

        /// One answer, which may hold fewer handles than there are.
        package struct Handles: Hashable, Sendable {
            package let total: UInt32
            package let handles: [UInt32]
        }

        package static func output(from body: XMLElement?) throws(WSManFault) -> Handles {
            let output = try accepted(body)
            let handles = output.all("Handles").compactMap { UInt32($0.text) }
            let (total, count) = (try number("TotalCount", in: output), try number("HandlesCount", in: output))
            guard handles.count == output.all("Handles").count, handles.count == count else {
                throw .unreadable("\(title): \(count) handles are announced and \(handles.count) can be read")
            }
            return Handles(total: total, handles: handles)
        }
    }

    /// Reads an account.
    package struct GetUserAclEntryEx: WSManOperation {
        package static let resource = AMT.AuthorizationService.resource
        package static let verb = Verb.invoke("GetUserAclEntryEx")
        package static let refusals = AMT.AuthorizationService.refusals
        package let handle: UInt32

        package init(handle: UInt32) { self.handle = handle }

        package var input: [XMLElement] { [Self.element("Handle", "\(handle)")] }

        package static func output(from body: XMLElement?) throws(WSManFault) -> AccountEntry {
            let output = try accepted(body)
            let identity: AccountEntry.Identity
            if let name = output["DigestUsername"]?.text, !name.isEmpty {
                identity = .digest(name)
            } else {
                identity = .kerberos(try bytes(base64: output["KerberosUserSid"]?.text, "\(title): the account's name"))
            }
            let realms = output.all("Realms").compactMap { UInt32($0.text) }
            guard realms.count == output.all("Realms").count else {
                throw .unreadable("\(title): a realm is no number")
            }
            return AccountEntry(
                identity: identity, access: AccessPermission(rawValue: try number("AccessPermission", in: output)),
                realms: realms.map { AccessRealm(rawValue: $0) })
        }
    }
}
