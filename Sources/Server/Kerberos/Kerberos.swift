import CGSSAPI
import Foundation
package import Vocabulary

/// Tickets for firmware that knows its consoles by Kerberos.
package struct Kerberos: Hashable, Codable, Sendable {
    /// A keytab with the server's own key: it gets its first ticket with that.
    package var keytab: String?
    /// A credential cache, such as `FILE:/run/namesake/krb5cc`; in memory when left out.
    package var cache: String?

    package init(keytab: String? = nil, cache: String? = nil) {
        self.keytab = keytab
        self.cache = cache
    }

    private static let queue = DispatchQueue(label: "kerberos")

    /// The service principal of a firmware, with its port: without one it is the operating system's account.
    ///
    /// Source: network reference 1.6.
    package static func service(_ name: Hostname, port: Int) -> String { "HTTP/\(name):\(port)" }

    /// One `Authorization` value; each is used once, since firmware remembers what it has seen.
    ///
    /// The name is the principal itself: nothing is asked of DNS, and nothing made canonical. Waits for a KDC on a queue
    /// of its own.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/kerberosUnreachable``, which waits, or ``Failure/Code/kerberosRefused``.
    package func authorization(for service: String) async throws(Failure) -> Secret {
        let (keytab, cache) = (keytab, cache ?? "MEMORY:namesake")
        let made: Result<Secret, Failure> = await withCheckedContinuation { ended in
            Self.queue.async { ended.resume(returning: Self.initiate(service, keytab, cache)) }
        }
        return try made.get()
    }

    private static func initiate(_ service: String, _ keytab: String?, _ cache: String) -> Result<Secret, Failure> {
        var outcome = house_gss_initiate(service, keytab, cache)
        defer { house_gss_free(&outcome) }
        guard let token = outcome.token else {
            let message = withUnsafeBytes(of: outcome.message) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            // The library gives this case no number of its own through SPNEGO.
            if message.contains("Cannot contact any KDC") {
                return .failure(
                    Failure(
                        .kerberosUnreachable, "no KDC answers for \(service): \(message)",
                        hint: "Check the realm's KDCs in krb5.conf and the network.", remedy: .wait))
            }
            return .failure(
                Failure(
                    .kerberosRefused, "there is no ticket for \(service): \(message)",
                    hint: "Look at the server's own ticket or keytab with klist, and for the principal with kvno "
                        + "\(service)."))
        }
        return .success(Secret("Negotiate " + Data(bytes: token, count: outcome.length).base64EncodedString()))
    }
}
