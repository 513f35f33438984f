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
    /// Whether it makes key pairs and signs requests; without, a pair comes from outside by AddKey.
    package var makesKeys = true
    /// Whether it signs certificate requests with SHA-1.
    package var signsWithSHA1 = true
    /// Whether set-up cannot be committed on the MEBx password of the factory.
    package var needsMEBxPassword = false
    /// How many hashes of roots it keeps; 24 is the most that a captured hello holds.
    package var mostRoots = 24
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

    package enum TLSVersion: Sendable { case v10, v11, v12, v13 }

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
        /// When SetMEBxPassword is taken.
        package var mebxPolicy = MEBxPolicy.anytime
        /// Whether the `Server` header says `AMT` and nothing more.
        package var saysOnlyAMT = false
        /// How long the first set-up stays open; later ones have six hours.
        package var firstSetUpHours = 24.0
        /// Whether admin and names, which partial unprovisioning keeps, outlast a power cut in the set-up that follows.
        package var partialSurvivesPowerCut = false
        /// The status with which the host is told that there is no such root.
        package var unknownRoot = UnknownRoot.notFound
        /// Whether TLS 1.3 is spoken beyond what the generation surely speaks.
        package var speaksTLS13 = false
        /// How many of the host may hold the port forwarding client at once; `nil` as the generation has it.
        package var portForwardingClients: Int?
        /// Whether the firmware says its version on the port forwarding client before the host has said its own.
        package var greetsHostFirst = true
        /// How the firmware logs in to the host before it asks for port forwarding.
        package var hostLogIn = HostLogIn.none
        /// Whether closes of channel 0 come that mean nothing.
        package var saysStaleCloses = false
        /// Whether the port forwarding client goes with the first channel that closes.
        package var dropsSessionWithChannel = false
        /// Whether a commit wants a host name where DHCP gives the address.
        package var commitWantsHostName = true
        /// Whether hellos are sent.
        package var saysHello = true
        /// Whether port 16993 of a machine that is set up serves before TLS has a certificate.
        package var servesOwnCertificate = true
        /// How what AMTAuthenticate signs is written as bytes.
        package var authenticationLayout = AuthenticationLayout()
    }

    /// The versions that are spoken with the switch counted in.
    var spokenTLS: TLSRange {
        var range = tls
        if switches.speaksTLS13 { range.highest = .v13 }
        return range
    }

    var portForwardingManners: APFSession.Manners {
        APFSession.Manners(
            greetsFirst: switches.greetsHostFirst, logIn: switches.hostLogIn,
            saysStaleCloses: switches.saysStaleCloses, dropsWithChannel: switches.dropsSessionWithChannel)
    }

    package var serverHeader: String { switches.saysOnlyAMT ? "AMT" : server }

    package enum SetUpAuthentication: String, Sendable, CaseIterable {
        case certificateOnly = "cert-only"
        case digestAdmin = "digest-admin"
    }

    package enum HostLogIn: String, Sendable, CaseIterable {
        case none
        /// The authentication service is asked for, and nobody logs in.
        case service
        case user
    }

    package enum UnknownRoot: UInt32, Sendable, CaseIterable {
        case invalidHandle = 0x805
        case notFound = 0x814
    }

    package enum MEBxPolicy: String, Sendable, CaseIterable {
        case anytime
        case duringSetUp = "during-setup"
        case defaultOnly = "default-only"
    }

    package enum CommitAnswer: String, Sendable, CaseIterable { case sent, lost }

    /// All that can be chosen by name.
    package static let all: [Personality] = [
        .amt3, .amt7, .amt9, .amt11, .amt12, .amt15, .amt16, .amt18, .amt19,
    ]
}
