import Foundation
import X509

/// What firmware keeps of how it was set up over the network.
///
/// Source: host reference 2.2 (GetMESetupAuditRecord), network reference 3.6.
struct SetUpAudit: Codable, Hashable, Sendable {
    enum Kind: String, Codable, Sendable { case tls, admin, client }

    /// Which record of the log it is; `nil` in files of earlier versions.
    var kind: Kind?
    /// 0 not ready, 1 shared key, 2 certificates.
    var mode: UInt8 = 2
    /// Whether the name was compared with MEBx's suffix, not with DHCP's.
    var isSecureDNS = false
    /// Whether an agent on the host began it.
    var isHostInitiated = false
    /// Of the chain's root.
    var hash: [UInt8] = []
    /// Of the authorities, three at most, 16 bytes each at most.
    var serials: [[UInt8]] = []
    var isTimeValid = true
    /// Whose CommitChanges it was.
    var serverAddress = ""
    /// The leaf's common name.
    var serverName = ""
    /// Seconds since 1970.
    var time = 0.0

    /// Packed: u8 mode, five words among which hash and serials lie, the address as text, seven shorts of time, the name.
    var bytes: [UInt8] {
        let shown = serials.suffix(3).flatMap { HostBytes.filled(Array($0.suffix(16)), 16) }
        var bytes = [mode] + HostBytes.flag(isSecureDNS) + HostBytes.flag(isHostInitiated) + HostBytes.word(hashType)
        bytes += HostBytes.filled(hash, 64) + HostBytes.filled(shown, 48) + HostBytes.flag(serials.count > 3)
        bytes += HostBytes.flag(true) + HostBytes.flag(isTimeValid) + HostBytes.fixed(serverAddress, 46)
        return bytes + Self.date(time).flatMap { HostBytes.short($0) } + HostBytes.ansi(serverName)
    }

    /// 1 SHA-1, 2 SHA-256, 3 SHA-384.
    var hashType: UInt32 { [20: 1, 32: 2, 48: 3][hash.count] ?? 0 }

    /// Year, month, day of the week (0 Sunday), day, hour, minute, second.
    private static func date(_ time: Double) -> [UInt16] {
        var seconds = time_t(max(0, time))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return [
            1900 + parts.tm_year, parts.tm_mon + 1, parts.tm_wday, parts.tm_mday, parts.tm_hour, parts.tm_min,
            parts.tm_sec,
        ].map { UInt16(clamping: $0) }
    }
}
