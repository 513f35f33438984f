import Crypto
import Foundation

/// The users that digest knows.
///
/// Only MD5 of `user:realm:password` is kept, as firmware does.
package struct Accounts: Codable, Sendable {
    package struct Entry: Codable, Hashable, Sendable {
        package var handle: UInt32
        package var name: String
        /// Base64 of a security identifier, for an entry of Kerberos.
        package var sid: String?
        var a1: [UInt8]
        /// 0 local, 1 network, 2 any.
        package var access: UInt32
        package var realms: [UInt32]
        package var enabled = true
    }

    package var entries: [Entry] = []
    /// MD5 of `admin:realm:password`; `nil` while the factory's password stands.
    var adminA1: [UInt8]?
    package var adminName = "admin"
    var osAdminPassword = ""
    private var system: [String: [UInt8]] = [:]
    private var nextHandle: UInt32 = 1

    /// PT Administration implies every realm but those of the auditor.
    static let ptAdministration: UInt32 = 3

    mutating func setA1(_ name: String, _ password: String, realm: String) {
        system[name] = Array(Insecure.MD5.hash(data: Data("\(name):\(realm):\(password)".utf8)))
    }

    mutating func setAdmin(_ password: String, realm: String) {
        adminA1 = Array(Insecure.MD5.hash(data: Data("\(adminName):\(realm):\(password)".utf8)))
    }

    /// The stored hash of a user who may log on from there.
    ///
    /// The system's own accounts are for the host alone. Source: network reference 4.2, host reference 5.3.
    func a1(of name: String, realm: String, fromHost: Bool) -> [UInt8]? {
        if name == adminName {
            return adminA1 ?? Array(Insecure.MD5.hash(data: Data("admin:\(realm):admin".utf8)))
        }
        if let hash = system[name] { return fromHost ? hash : nil }
        let other: UInt32 = fromHost ? 1 : 0
        return entries.first { $0.name == name && $0.sid == nil && $0.enabled && $0.access != other }?.a1
    }

    /// What a user may do.
    func rights(of name: String?) -> Rights {
        guard let name else { return .all }
        if name == adminName { return .all }
        if name.hasPrefix("$$") { return .read }
        guard let entry = entries.first(where: { $0.name == name }) else { return .none }
        return entry.realms.contains(Self.ptAdministration) ? .all : .read
    }

    enum Rights { case none, read, all }

    /// Adds an entry; the numbers are PT statuses.
    mutating func add(_ entry: Entry) -> (handle: UInt32, status: UInt32) {
        let digest = entry.sid == nil
        guard entries.filter({ ($0.sid == nil) == digest }).count < (digest ? 7 : 32) else { return (0, 23) }
        guard isFree(entry.name) else { return (0, 2058) }
        var entry = entry
        entry.handle = nextHandle
        nextHandle += 1
        entries.append(entry)
        return (entry.handle, 0)
    }

    /// Whether no entry but the one with that handle, nor admin, has the name.
    func isFree(_ name: String, but handle: UInt32? = nil) -> Bool {
        name != adminName && !entries.contains { $0.name == name && $0.handle != handle }
    }

    mutating func forgetAllButSystem() {
        entries = []
        adminA1 = nil
        adminName = "admin"
        nextHandle = 1
    }
}
