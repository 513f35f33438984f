/// What only the host asks about, or sets.
package struct HostFacts: Codable, Hashable, Sendable {
    /// The one-time password that a set-up server compares; empty where none was set.
    package var otp: [UInt8] = []
    /// SHA-256 of the password of MEBx; `nil` while it is the factory's.
    var mebxPassword: [UInt8]?
    /// The PKI suffix that an agent set in place of MEBx's.
    var agentSuffix: String?
    /// The hash of the one certificate whose holder may set the machine up from the host.
    var announcedLeaf: [UInt8]?
    /// Names of the trusted roots, in their order; what is missing is named by its number.
    package var rootNames: [String] = []
    /// The domains by which firmware knows that it is inside.
    package var dnsSuffixes: [String] = []
    package var remoteAccess = RemoteAccess()
    package var powerPolicy = "ON in S0, ME Wake in S3, S4-5"
    package var redirection = Redirection()
    package var allowsEmbeddedHostBasedSetUp = false
    package var lastReset = Reset()
    package var setUpServer = SetUpServer()
    /// `nil` while IPv6 is off.
    package var ipv6: IPv6?
    /// Whether AMT as a whole was switched off from the host.
    package var isOff: Bool {
        get { switchedOff ?? false }
        set { switchedOff = newValue }
    }
    /// Whether UPID gives the platform's identity.
    var tellsPlatformIdentity: Bool {
        get { platformIdentity ?? false }
        set { platformIdentity = newValue }
    }
    /// Whether MEBx has no AMT: the bus does not offer it then.
    package var isDisabledInMEBx: Bool {
        get { disabled ?? false }
        set { disabled = newValue }
    }
    /// Of the last set-up that was committed.
    var setUpAudit: SetUpAudit?
    // Files of earlier versions have none of these.
    private var disabled: Bool?
    private var switchedOff: Bool?
    private var platformIdentity: Bool?

    package init() {}

    package struct RemoteAccess: Codable, Hashable, Sendable {
        /// 0 direct, 1 VPN, 2 outside, 3 unknown.
        package var network: UInt32 = 0
        /// 0 no, 1 connecting, 2 connected.
        package var connection: UInt32 = 0
        /// 0 user, 1 alert, 2 provisioning, 3 periodic.
        package var trigger: UInt32 = 0
        /// Empty while there is no connection.
        package var server = ""
    }

    package struct Redirection: Codable, Hashable, Sendable {
        package var allowsSOL = true
        package var allowsIDER = true
        package var allowsKVM = true
        package var isSOLOpen = false
        package var isIDEROpen = false
        /// Bit 0 a session, bit 1 one that waits for the person's consent.
        package var kvm: UInt32 = 0
    }

    package struct Reset: Codable, Hashable, Sendable {
        /// 0 remote control, 1 other.
        package var reason: UInt32 = 1
        /// Seconds since 1970.
        package var time: UInt32 = 0
    }

    package struct SetUpServer: Codable, Hashable, Sendable {
        package var port: UInt16 = 9971
        package var address = ""
        package var name = ""

        package init() {}

        /// An address stays one, whatever else is a name.
        init(_ server: (host: String, port: Int)) {
            port = UInt16(clamping: server.port)
            let isAddress = server.host.contains(":") || server.host.allSatisfy { $0.isNumber || $0 == "." }
            if isAddress { address = server.host } else { name = server.host }
        }
    }

    package struct IPv6: Codable, Hashable, Sendable {
        package struct Address: Codable, Hashable, Sendable {
            package var text: String
            package var type: UInt32
            package var state: UInt32
        }

        package var router = "::"
        package var dns = ["::", "::"]
        package var addresses: [Address] = []
    }
}
