package import AMTOperations
package import Vocabulary

/// A digest user that every provisioned firmware gets, as the configuration names it.
package struct DigestUser: Hashable, Codable, Sendable {
    package var name: String
    package var realms: [Realm]

    /// What a user may do; `pt-administration` is everything.
    package enum Realm: String, Codable, Sendable, CaseIterable {
        case redirection
        case ptAdministration = "pt-administration"
        case hardwareAsset = "hardware-asset"
        case remoteControl = "remote-control"
        case eventManager = "event-manager"
        case networkTime = "network-time"
        case generalInfo = "general-info"
        case localUserNotification = "local-user-notification"
        case eventLogReader = "event-log-reader"
        case auditLog = "audit-log"
        case acl

        package var accessRealm: AccessRealm {
            switch self {
            case .redirection: .redirection
            case .ptAdministration: .ptAdministration
            case .hardwareAsset: .hardwareAsset
            case .remoteControl: .remoteControl
            case .eventManager: .eventManager
            case .networkTime: .networkTime
            case .generalInfo: .generalInfo
            case .localUserNotification: .localUN
            case .eventLogReader: .eventLogReader
            case .auditLog: .auditLog
            case .acl: .acl
            }
        }
    }

    package init(name: String, realms: [Realm]) {
        self.name = name
        self.realms = realms
    }

    /// How many firmware holds, the temporary account left out.
    ///
    /// Source: network reference 4.2: seven digest accounts.
    package static let limit = 6

    /// Asks what firmware will ask.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/configurationInvalid``, naming the first user that firmware would refuse.
    package static func check(_ users: [DigestUser]) throws(Failure) {
        guard users.count <= limit, Set(users.map(\.name)).count == users.count else {
            throw refused("there are \(users.count) of them, or two of one name", "Firmware holds \(limit), and ours.")
        }
        for user in users {
            let isText =
                (1...16).contains(user.name.utf8.count)
                && user.name.utf8.allSatisfy { (0x21...0x7E).contains($0) && !":,\"&<>".utf8.contains($0) }
            guard isText else {
                throw refused(
                    "'\(user.name)'", "A name has 1 to 16 characters of ASCII without blanks and , : \" & < >.")
            }
            let isTaken =
                ["admin", "administrator"].contains(user.name.lowercased())
                || user.name.hasPrefix("$$") || user.name.hasPrefix("nsk-")
            guard !isTaken else { throw refused("'\(user.name)'", "That name is the firmware's, or the server's own.") }
            guard !user.realms.isEmpty else { throw refused("'\(user.name)' has no realm", "Name what it may do.") }
        }
    }

    private static func refused(_ what: String, _ hint: String) -> Failure {
        Failure(.configurationInvalid, "digestUsers: \(what)", hint: hint)
    }
}
