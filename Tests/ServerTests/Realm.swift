import Foundation
import TestKit

/// A Kerberos realm of this test's own: Debian's MIT KDC on a loopback address, with the principals of one firmware.
final class Realm {
    static let isThere = ["/usr/sbin/krb5kdc", "/usr/sbin/kdb5_util", "/usr/sbin/kadmin.local", "/usr/bin/kinit"]
        .allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
    static let name = "CORP.EXAMPLE.TEST"
    static let console = "namesake/console@\(name)"

    let folder: String
    private let clock: [String]
    private var kdc: Program?
    var configuration: String { "KRB5_CONFIG=\(folder)/krb5.conf" }
    private var profile: String { "KRB5_KDC_PROFILE=\(folder)/kdc.conf" }
    /// The six keys that firmware has, and no other.
    var firmwareKeytab: String { "\(folder)/firmware.keytab" }
    var consoleKeytab: String { "\(folder)/console.keytab" }

    /// Makes the realm, starts its KDC, and gives the firmware `firmware` its principals; `HTTP/firmware` without a port
    /// is there too, under a key that only the operating system would have.
    ///
    /// `clock` is set in the KDC's environment: what gives it another time.
    init(in parent: String, at address: String, firmware: String, clock: [String] = []) async throws {
        self.clock = clock
        folder = "\(parent)/realm"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try """
        [libdefaults]
            default_realm = \(Self.name)
            dns_lookup_kdc = false
            dns_lookup_realm = false
            default_ccache_name = FILE:\(folder)/cache
        [logging]
            kdc = STDERR
        [realms]
            \(Self.name) = {
                kdc = \(address):8888
            }
        """.write(toFile: "\(folder)/krb5.conf", atomically: true, encoding: .utf8)
        try """
        [kdcdefaults]
            kdc_listen = \(address):8888
            kdc_tcp_listen = \(address):8888
        [realms]
            \(Self.name) = {
                database_name = \(folder)/principals
                key_stash_file = \(folder)/stash
                max_life = 1d
            }
        """.write(toFile: "\(folder)/kdc.conf", atomically: true, encoding: .utf8)
        try await tool("/usr/sbin/kdb5_util", "create", "-s", "-r", Self.name, "-P", UUID().uuidString)
        try await start()
        let ports = [16992, 16993, 16994, 16995, 623, 664]
        for port in ports {
            try await admin("addprinc -randkey HTTP/\(firmware):\(port)")
            try await admin("ktadd -k \(firmwareKeytab) HTTP/\(firmware):\(port)")
        }
        try await admin("addprinc -randkey HTTP/\(firmware)")
        try await admin("addprinc -randkey \(Self.console)")
        try await admin("ktadd -k \(consoleKeytab) \(Self.console)")
    }

    func start() async throws {
        let kdc = try Program(
            "/usr/bin/env", [configuration, profile] + clock + ["/usr/sbin/krb5kdc", "-n", "-r", Self.name])
        try await kdc.awaitLine("commencing operation")
        self.kdc = kdc
    }

    func stop() async {
        await kdc?.stop()
        kdc = nil
    }

    /// One command of kadmin.local.
    func admin(_ command: String) async throws {
        try await tool("/usr/sbin/kadmin.local", "-r", Self.name, "-q", command)
    }

    @discardableResult
    func tool(_ words: String...) async throws -> String {
        let outcome = try await run("/usr/bin/env", [configuration, profile] + words)
        guard outcome.status == 0 else { throw Unexpected("\(words): \(outcome.output)") }
        return outcome.output
    }
}
