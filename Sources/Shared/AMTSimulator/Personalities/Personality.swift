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

    package var traits = Traits()
    package var switches = Switches()

    /// What sets generations apart on the network.
    ///
    /// Source: network reference 1.3, 11.
    package struct Traits: Hashable, Sendable {
        package var lowestTLS = TLSVersion.v11
        package var highestTLS = TLSVersion.v12
        /// RSA key exchange and AES in CBC mode alone, as clients of old firmware have to offer.
        package var onlyStaticRSA = false
        /// Whether port 16992 is there for the network at all.
        package var hasPlainPort = true
        /// Whether AMT_TLSSettingData tells NonSecureConnectionsSupported, which is false then.
        package var tellsNonSecureConnections = false
        /// Whether set-up refuses chains that are signed with SHA-1.
        package var refusesSHA1 = false
    }

    package enum TLSVersion: String, Sendable, CaseIterable { case v10, v11, v12 }

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
    package static let all: [Personality] = [.amt7, .amt9, .amt11, .amt12, .amt16]
}
