/// What makes one generation of firmware answer differently from another, as plain values.
package struct Personality: Hashable, Sendable {
    package var name: String
    /// The `AMT` entry of GetCodeVersions, without the build.
    package var version: String
    package var build: String
    package var biosVersion: String
    /// Decimal bitmap of GetCodeVersions, 16392 = AMT and corporate.
    package var sku: String
    /// The `Server` header.
    package var server: String
    /// The `Content-Type` of a 200.
    package var contentType = "application/soap+xml; charset=UTF-8"
    /// Hosts may send at most so many bytes a message on AMTHI.
    package var hostInterfaceLimit: UInt32 = 5120

    package var switches = Switches()

    /// Behaviours on which sources disagree or are silent; README says which is which.
    package struct Switches: Hashable, Sendable {
        /// How a set-up session authenticates: by the client certificate alone, or by the factory's digest account too.
        package var setUpAuthentication = SetUpAuthentication.certificateOnly
        /// Whether the answer to CommitChanges arrives before the connection goes.
        package var commitAnswer = CommitAnswer.sent
        /// Whether Put may change HostOSFQDN.
        package var hostOSFQDNIsWritable = false
        /// Whether an account may remove its own entry.
        package var accountMayRemoveItself = true
        /// The status with which the host's Unprovision is refused when there is nothing that it may take back.
        package var hostUnprovisionRefusal = UnprovisionRefusal.invalidMode
        /// How many requests one nonce answers for; `nil` without end.
        package var nonceUses: Int?
        /// How long a nonce lasts, in seconds.
        package var nonceLifetime = 300.0
    }

    package enum SetUpAuthentication: String, Sendable, CaseIterable {
        case certificateOnly = "cert-only"
        case digestAdmin = "digest-admin"
    }

    package enum CommitAnswer: String, Sendable, CaseIterable { case sent, lost }

    /// All that can be chosen by name.
    package static let all: [Personality] = [.amt12]
}
