/// What makes one generation of firmware answer differently from another, as plain values.
package struct Personality: Hashable, Sendable {
    package var name: String
    /// The `AMT` entry of GetCodeVersions, without the build.
    package var version: String
    package var build: String
    package var biosVersion: String
    /// Decimal bitmap of GetCodeVersions, 16392 = AMT and corporate.
    package var sku: String
    /// The `Server` header where it is whole; ``serverHeader`` is what is sent.
    package var server: String
    /// The `Content-Type` of a 200.
    package var contentType = "application/soap+xml; charset=UTF-8"
    /// Hosts may send at most so many bytes a message on AMTHI.
    package var hostInterfaceLimit: UInt32 = 5120

    package var tls = TLSRange(lowest: .v11, highest: .v12)
    /// Whether ports 16992 and 623 answer to the network once the machine is set up.
    package var servesPlain = true
    /// What port 16993 presents before it is given a certificate.
    package var ownCertificate = OwnCertificate.selfSigned
    /// The digests by which a root is known; the hello names each root once for each.
    package var rootHashes: [RootHash] = [.sha256]
    /// Whether set-up refuses SHA-1 signatures anywhere in the chain.
    package var refusesSHA1Chains = false
    /// Whether set-up may begin with a shared key (PID and PPS) in place of certificates.
    package var takesSharedKey = false
    /// Whether the host may begin admin control mode by AdminSetup.
    package var hasAdminSetup = true
    /// Whether the host's own way in demands TLS, as the network's does.
    package var needsTLSFromHost = false
    /// Whether the digest realm is two random bytes and zeros, or random throughout.
    package var realmIsSparse = false
    /// Properties that came after AMT 12, by class.
    package var newerProperties: Set<NewerProperty> = []

    package var switches = Switches()

    /// The versions of TLS that are spoken, and the suites, by their numbers at IANA; `nil` for all.
    package struct TLSRange: Hashable, Sendable {
        package var lowest: TLSVersion
        package var highest: TLSVersion
        package var suites: [UInt16]?
    }

    package enum TLSVersion: Sendable { case v10, v11, v12 }

    package enum OwnCertificate: Sendable {
        case selfSigned
        /// A chain of the processor's own authority.
        case onDie
    }

    /// A digest in the table of trusted roots; the number is the hello's.
    package enum RootHash: UInt8, Sendable { case sha1 = 1, sha256, sha384 }

    package enum NewerProperty: Sendable {
        case dhcpSyncRequiresHostname, nonSecureConnectionsSupported, physicalConnectionType, thunderboltDockEnabled
    }

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
        /// Whether the firmware makes keys and signs requests itself, as from 6.2 on; before it is given keys.
        package var makesKeys = true
        /// When SetMEBxPassword is taken.
        package var mebxPolicy = MEBxPolicy.anytime
        /// Whether CommitChanges wants a password of MEBx that is not the factory's, as from AMT 19 on.
        package var commitWantsMEBxPassword = false
        /// Whether the `Server` header says `AMT` and nothing more.
        package var saysOnlyAMT = false
    }

    package var serverHeader: String { switches.saysOnlyAMT ? "AMT" : server }

    package enum SetUpAuthentication: String, Sendable, CaseIterable {
        case certificateOnly = "cert-only"
        case digestAdmin = "digest-admin"
    }

    package enum MEBxPolicy: String, Sendable, CaseIterable {
        case anytime
        case duringSetUp = "during-setup"
        case defaultOnly = "default-only"
    }

    package enum CommitAnswer: String, Sendable, CaseIterable { case sent, lost }

    /// All that can be chosen by name.
    package static let all: [Personality] = [.amt7, .amt9, .amt11, .amt12, .amt16]
}
