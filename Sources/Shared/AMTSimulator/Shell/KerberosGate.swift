import CGSSAPI
import Foundation

/// Takes Kerberos tickets with the keys of a keytab, as firmware does that a console joined to a realm.
///
/// A ticket counts for its one request. Whose principals may do everything is the simulation's to say: firmware reads
/// that from the security identifiers inside a ticket, which a KDC of MIT's does not put there.
package struct KerberosGate: Sendable {
    private let keytab: String
    private let administrators: Set<String>
    private let say: @Sendable (String) -> Void

    package init(keytab: String, administrators: Set<String>, say: @escaping @Sendable (String) -> Void) {
        self.keytab = keytab
        self.administrators = administrators
        self.say = say
    }

    /// The administrator that a request's ticket is from; `nil` when it has none that is good.
    func principal(of message: HTTPMessage) -> String? {
        guard let header = message.header("Authorization"), header.lowercased().hasPrefix("negotiate "),
            let token = Data(base64Encoded: String(header.dropFirst("negotiate ".count)))
        else { return nil }
        let bytes = Array(token)
        let outcome = house_gss_accept(bytes, bytes.count, keytab)
        guard outcome.major == 0 else {
            say("ticket refused: \(withUnsafeBytes(of: outcome.message) { Self.text($0) })")
            return nil
        }
        let name = withUnsafeBytes(of: outcome.peer) { Self.text($0) }
        guard administrators.contains(name) else {
            say("ticket of \(name), who is nobody here")
            return nil
        }
        return name
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
