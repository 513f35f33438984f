package import LibXML
package import WSMan

extension AMT.AuthorizationService {
    /// Sets the name and the password of the admin account.
    ///
    /// Whether the connection at hand needs the new ones at once is not known for every version: be ready for both.
    package struct SetAdminAclEntryEx: WSManOperation {
        package static let resource = AMT.AuthorizationService.resource
        package static let verb = Verb.invoke("SetAdminAclEntryEx")
        package static let refusals = AMT.AuthorizationService.refusals
        package let name: String
        package let digest: DigestA1

        package init(name: String, digest: DigestA1) {
            self.name = name
            self.digest = digest
        }

        package var input: [XMLElement] {
            [Self.element("Username", name), Self.element("DigestPassword", base64(revealing: digest.secret))]
        }
    }

    /// Reads the name of the admin account.
    package struct GetAdminAclEntry: WSManOperation {
        package static let resource = AMT.AuthorizationService.resource
        package static let verb = Verb.invoke("GetAdminAclEntry")
        package static let refusals = AMT.AuthorizationService.refusals
        package init() {}

        package static func output(from body: XMLElement?) throws(WSManFault) -> String {
            guard let name = try accepted(body)["Username"]?.text, !name.isEmpty else {
                throw .unreadable("\(title): the answer has no Username")
            }
            return name
        }
    }

    /// Reads whether the admin account still has its factory password.
    package struct GetAdminAclEntryStatus: WSManOperation {
        package static let resource = AMT.AuthorizationService.resource
        package static let verb = Verb.invoke("GetAdminAclEntryStatus")
        package static let refusals = AMT.AuthorizationService.refusals
        package init() {}

        package static func output(from body: XMLElement?) throws(WSManFault) -> Bool {
            try flag("IsDefault", in: try accepted(body))
        }
    }

    /// Reads whether the network side of the admin account still has its factory password.
    package struct GetAdminNetAclEntryStatus: WSManOperation {
        package static let resource = AMT.AuthorizationService.resource
        package static let verb = Verb.invoke("GetAdminNetAclEntryStatus")
        package static let refusals = AMT.AuthorizationService.refusals
        package init() {}

        package static func output(from body: XMLElement?) throws(WSManFault) -> Bool {
            try flag("IsDefault", in: try accepted(body))
        }
    }

    /// Reads whether an account may be used.
    package struct GetAclEnabledState: WSManOperation {
        package static let resource = AMT.AuthorizationService.resource
        package static let verb = Verb.invoke("GetAclEnabledState")
        package static let refusals = AMT.AuthorizationService.refusals
        package let handle: UInt32

        package init(handle: UInt32) { self.handle = handle }

        package var input: [XMLElement] { [Self.element("Handle", "\(handle)")] }

        package static func output(from body: XMLElement?) throws(WSManFault) -> Bool {
            try flag("Enabled", in: try accepted(body))
        }
    }

    /// Lets an account be used, or not.
    package struct SetAclEnabledState: WSManOperation {
        package static let resource = AMT.AuthorizationService.resource
        package static let verb = Verb.invoke("SetAclEnabledState")
        package static let refusals = AMT.AuthorizationService.refusals
        package let handle: UInt32
        package let enabled: Bool

        package init(handle: UInt32, enabled: Bool) {
            self.handle = handle
            self.enabled = enabled
        }

        package var input: [XMLElement] {
            [Self.element("Handle", "\(handle)"), Self.element("Enabled", "\(enabled)")]
        }
    }
}

extension WSManSession {
    /// Reads the handles of every account but the admin's, as many answers as it takes.
    ///
    /// - Returns: The handles in the firmware's order.
    /// - Throws: ``WSManFault``; ``WSManFault/unreadable(_:)`` when the firmware announces more than it lists.
    package func accountHandles() async throws(WSManFault) -> [UInt32] {
        typealias Enumeration = AMT.AuthorizationService.EnumerateUserAclEntries
        var handles: [UInt32] = []
        while true {
            let page = try await perform(Enumeration(start: UInt32(handles.count) + 1))
            handles += page.handles
            if handles.count >= Int(page.total) { return handles }
            guard !page.handles.isEmpty else {
                throw .unreadable("\(Enumeration.title): \(page.total) accounts, but only \(handles.count) handles")
            }
        }
    }
}
