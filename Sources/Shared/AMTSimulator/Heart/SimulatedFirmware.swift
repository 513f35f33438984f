import Foundation

/// A firmware made of state.
///
/// It hears requests and answers them; clock and randomness are handed in.
///
/// No socket, thread or task is in it, so that a simulation of many devices runs in one loop and a seed repeats it. The
/// shells around it are in `Shell/`.
package struct SimulatedFirmware: Sendable {
    package enum ProvisioningState: UInt32, Sendable { case pre = 0, `in` = 1, post = 2 }

    package var personality: Personality
    /// In SMBIOS byte order.
    package let uuid: [UInt8]
    package var random: SeededRandom
    /// Seconds since 1970, set before each request.
    package var now: Double

    package var provisioningState: ProvisioningState = .in
    /// 0 none, 1 client, 2 admin.
    package var controlMode: UInt32 = 0
    /// DHCP option 15.
    package var dnsSuffix: String
    /// The PKI DNS suffix of MEBx; where there is one, set-up compares with it and not with DHCP's.
    package var trustedSuffix = ""
    package var ipv4 = Addresses()
    /// Hashes of the roots that set-up trusts; the length tells the digest.
    package var trustedRoots: [[UInt8]]
    /// Those of them that somebody switched off.
    var disabledRoots: Set<[UInt8]> = []

    package var names = Names()
    var wired = WiredPort()
    package var machine = Machine()
    package var host = HostFacts()
    var redirection = Redirection()
    var hostSetUp = HostSetUp()
    /// The one-time password by which a provisioning server is to know the machine; empty where none was given.
    var oneTimePassword: [UInt8] {
        get { host.otp }
        set { host.otp = newValue }
    }
    /// When set-up closes, in seconds since 1970; `nil` outside of it.
    var setUpEnds: Double?
    /// `nil` where set-up began with a machine as the factory made it.
    var settled: Settled?
    /// PID and PPS; full unprovisioning erases them, partial does not.
    var sharedKey: SharedKey?
    /// The processor's own authority, which nothing erases.
    package var onDie: OnDieAuthority
    /// Whether MEBx has another password than the factory's; unprovisioning keeps it.
    var hasMEBxPassword: Bool { host.mebxPassword != nil }
    package var accounts = Accounts()
    package var store = KeyStore()
    package var tls = TLSState()
    /// What CommitChanges made of ``tls`` last; the port shows this.
    package var committedTLS = TLSState()
    /// Seconds that the firmware's clock is ahead of ``now``.
    package var clockOffset = 0.0
    /// Whether a client has set the clock; mutual TLS wants that.
    var hasClock = false
    /// Whether the validity of the set-up certificate held, recorded and not enforced.
    package var isTimeValid = true

    package var digestRealm: String
    /// 20 bytes that a host-based set-up has to sign; new ones after each unprovisioning.
    var configurationNonce: [UInt8]
    var nonces: [String: (issued: Double, uses: Int)] = [:]
    var messageCount: UInt64 = 0
    var enumerations: [String: (items: [Instance], made: Double)] = [:]
    var enumerationCount: UInt32 = 0
    /// How many more key pairs are refused because one is in the making.
    package var keyGenerationsBusy = 0
    /// How many more writes the flash takes before it refuses; `nil` for no limit.
    package var flashWritesLeft: Int?
    /// Counts how often set-up began since it was made; each has its own hellos.
    package var setUpPeriods = 0
    /// What the set-up that goes on will have been.
    var pendingAudit: SetUpAudit?
    /// Whether it was the host that began the set-up that goes on.
    var wasBegunByHost = false
    /// The address of whoever asks now, where it is known.
    var asker = ""
    /// Whether the management engine came up in recovery mode, without AMT.
    package var isInRecovery = false
    /// Counts commits; a shell that sees it change renews its TLS and drops its connections.
    package var commits = 0

    package struct Names: Codable, Hashable, Sendable {
        package var hostName = ""
        package var domainName = ""
        package var hostOSFQDN = ""
        package var sharedFQDN = true
        /// Settings that are kept and echoed, by their names.
        var others: [String: String] = [
            "AMTNetworkEnabled": "1", "DDNSPeriodicUpdateInterval": "1440", "DDNSTTL": "900",
            "DDNSUpdateByDHCPServerEnabled": "true", "DDNSUpdateEnabled": "false", "DHCPv6ConfigurationTimeout": "0",
            "IdleWakeTimeout": "1", "PingResponseEnabled": "true", "PreferredAddressFamily": "0",
            "PresenceNotificationInterval": "0", "RmcpPingResponseEnabled": "true", "WsmanOnlyMode": "false",
        ]

        package init() {}

        /// The names of a factory-fresh machine of that generation.
        init(_ personality: Personality) {
            if personality.newerProperties.contains(.dhcpSyncRequiresHostname) {
                others["DHCPSyncRequiresHostname"] = "1"
            }
        }
    }

    /// The switch of redirection: 32768 neither, 32769 IDE-R, 32770 SOL, 32771 both.
    struct Redirection: Codable, Hashable, Sendable {
        var state: UInt32 = 32771
        var listens = true
    }

    package struct Addresses: Hashable, Sendable {
        package var address = "192.0.2.2"
        package var gateway = "192.0.2.1"
        /// The gateway where it is not said.
        package var dns: String?
        var nameServer: String { dns ?? gateway }
    }

    package struct TLSState: Codable, Hashable, Sendable {
        /// The handle of the certificate that TLS presents.
        package var certificate: Int?
        package var remote = TLSSettings()
        package var local = TLSSettings(acceptsPlain: true)
    }

    package struct TLSSettings: Codable, Hashable, Sendable {
        package var enabled = false
        package var mutual = false
        /// Read where TLS is enabled; factory values as captured, remote no, local yes.
        package var acceptsPlain = false
        package var trustedCN: [String] = []
    }

    package init(
        personality: Personality, uuid: [UInt8], dnsSuffix: String, trustedRoots: [[UInt8]], seed: UInt64, now: Double
    ) {
        self.personality = personality
        self.uuid = uuid
        self.dnsSuffix = dnsSuffix
        self.trustedRoots = trustedRoots
        self.now = now
        names = Names(personality)
        setUpEnds = now + personality.switches.firstSetUpHours * 3600
        onDie = OnDieAuthority(processor: "\(seed) \(uuid.hexadecimal)")
        random = SeededRandom(seed: seed)
        let realm = random.bytes(16)
        let shown = personality.realmIsSparse ? realm.prefix(2) + [UInt8](repeating: 0, count: 14) : realm[...]
        digestRealm = "Digest:" + shown.hexadecimal.uppercased()
        configurationNonce = random.bytes(20)
        accounts.osAdminPassword = Data(random.bytes(24)).base64EncodedString()
        accounts.setA1("$$OsAdmin", accounts.osAdminPassword, realm: digestRealm)
    }

    /// The wired port's address: locally administered, from the UUID.
    var mac: [UInt8] { [0x02] + uuid.suffix(5) }

    /// The firmware's own time, in seconds since 1970.
    var clock: Double { now + clockOffset }

    /// Power goes: what was not committed is lost, and every digest nonce and enumeration.
    package mutating func powerCut() {
        tls = committedTLS
        nonces = [:]
        enumerations = [:]
        hostSetUp = HostSetUp(isClientModeOff: hostSetUp.isClientModeOff)
        if provisioningState == .in { forgetSetUp() }
    }
}

/// The generator xorshift64*, which repeats with its seed.
///
/// Nothing secret outside of a simulation may rest on it.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    package mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 32) } }
}

extension Collection<UInt8> {
    package var hexadecimal: String {
        let digits: [UInt8] = [48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102]
        var text: [UInt8] = []
        text.reserveCapacity(2 * count)
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
