package import Vocabulary
package import WSMan

/// The digest of an account: MD5 of name, digest realm and password, joined by colons.
///
/// It stands for the password wherever firmware stores or takes one, so it is as secret as that.
package struct DigestA1: Sendable {
    let secret: Secret

    /// - Throws: ``WSManFault/unsendable(_:)`` unless there are 16 bytes, raw and not as hexadecimal digits: firmware
    ///   would store anything else as an account that nobody can use.
    package init(_ secret: Secret) throws(WSManFault) {
        let count = secret.reveal { $0.count }
        guard count == 16 else { throw .unsendable("the digest of an account has 16 bytes, not \(count)") }
        self.secret = secret
    }
}

/// From where an account may be used.
package struct AccessPermission: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let local = AccessPermission(rawValue: 0)
    package static let network = AccessPermission(rawValue: 1)
    package static let any = AccessPermission(rawValue: 2)
}

/// A permission of an account; the set is open.
///
/// Source: the value map of `Realms` in `AMT_AuthorizationService.h` of Intel LMS.
package struct AccessRealm: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let redirection = AccessRealm(rawValue: 2)
    /// Implies every other but the audit log.
    package static let ptAdministration = AccessRealm(rawValue: 3)
    package static let hardwareAsset = AccessRealm(rawValue: 4)
    package static let remoteControl = AccessRealm(rawValue: 5)
    package static let eventManager = AccessRealm(rawValue: 7)
    package static let networkTime = AccessRealm(rawValue: 12)
    package static let generalInfo = AccessRealm(rawValue: 13)
    package static let localUN = AccessRealm(rawValue: 16)
    package static let eventLogReader = AccessRealm(rawValue: 19)
    /// From AMT 4.0 on.
    package static let auditLog = AccessRealm(rawValue: 20)
    /// May change accounts; from AMT 4.0 on.
    package static let acl = AccessRealm(rawValue: 21)
}

/// An account as the firmware shows it: without its password.
package struct AccountEntry: Hashable, Sendable {
    package let identity: Identity
    package let access: AccessPermission
    package let realms: [AccessRealm]

    /// Whose account it is.
    package enum Identity: Hashable, Sendable {
        /// A digest account, by its name; names that begin with `$$` are the firmware's own.
        case digest(String)
        /// A Kerberos account, by its binary SID, 1 to 28 bytes.
        case kerberos([UInt8])
    }

    package init(identity: Identity, access: AccessPermission, realms: [AccessRealm]) {
        self.identity = identity
        self.access = access
        self.realms = realms
    }
}
