package import Vocabulary

/// What the server keeps about one machine.
///
/// Secrets are not in it; see ``SecretPurpose``.
package struct DeviceRecord: Hashable, Codable, Sendable {
    package var machine: MachineID
    package var stage: Stage
    /// Why it is held, or what the last event was.
    package var note: String?
    /// The label made from the UUID.
    package var temporaryHostname: String
    /// What the record believes the machine to be called.
    package var name: Hostname
    /// Where the firmware was last heard or reached, an IP address without a port.
    package var address: String
    /// Where it may be by now: heard from there, and not yet proved by its pin or its UUID.
    package var movedTo: String?
    package var firstSeen: Double
    package var lastHello: Double?
    package var helloCount: Int
    /// The roots that its hello named, hexadecimal; the length tells the digest.
    package var rootHashes: [String]
    /// The pre-shared key that its hello named, without the hyphen: it is set up by that and not by certificates.
    package var preSharedKey: String?
    /// What a hello said of the set-up of a machine that is provisioned: believed once a person readmits it.
    package var heardRoad: Road?
    package var firmware: ProvisionedFirmware?
    /// Until when the firmware's set-up is open at the least, seconds since 1970; `nil` outside of set-up.
    package var setUpEnds: Double?
    /// The digest users that provisioning made, by their names.
    package var users: [String]?
    /// Whether a person allows TLS 1.0 and 1.1 with this firmware.
    package var allowsLegacyTLS: Bool?
    /// SHA-256 of the key with which its agent speaks for it without a build token, hexadecimal.
    package var agentKey: String?
    /// The board that has signed for it.
    package var board: Board?
    /// What it was called before, oldest first.
    package var aliases: [Alias]?
    /// The machine that has taken this one's place, after its board was swapped.
    package var replacedBy: MachineID?
    /// What the agent found on its disks in the boot environment, and when, seconds since 1970.
    package var disks: PriorInstall?
    package var inspectedAt: Double?
    /// When its build began; `nil` again once an operating system has named it.
    package var buildBegan: Double?
    /// The addresses of its latest hellos, oldest first, each change once.
    package var heard: [Heard]?
    /// Addresses that took turns under this UUID: two machines, until a person says otherwise.
    package var twins: [String]?

    /// By what a firmware wants to be set up.
    package struct Road: Hashable, Codable, Sendable {
        /// As ``DeviceRecord/preSharedKey``.
        package var preSharedKey: String?
        /// As ``DeviceRecord/rootHashes``.
        package var rootHashes: [String]
    }

    /// A board, by a key of its processor's own.
    package struct Board: Hashable, Codable, Sendable {
        /// SHA-256 of the SubjectPublicKeyInfo of the ROM's certificate, hexadecimal.
        package var key: String
        /// The version of its firmware when it last signed.
        package var firmwareVersion: String
        /// Seconds since 1970.
        package var provedAt: Double

        package init(key: String, firmwareVersion: String, provedAt: Double) {
            self.key = key
            self.firmwareVersion = firmwareVersion
            self.provedAt = provedAt
        }
    }

    /// A hello's source.
    package struct Heard: Hashable, Codable, Sendable {
        package var address: String
        /// Seconds since 1970.
        package var at: Double
    }

    /// Where a machine is on its way.
    ///
    /// Further stages come with collections.
    package enum Stage: String, Hashable, Codable, Sendable {
        /// It said hello and is not provisioned yet.
        case staged
        /// A job is under way.
        case provisioning
        /// Provisioned; the names in the record were proved.
        case managed
        /// A person must decide; ``DeviceRecord/note`` says why.
        case held
        /// Out of use: its name is free, and nothing is done to it.
        case retired
    }

    package init(machine: MachineID, temporaryHostname: String, name: Hostname, address: String, now: Double) {
        self.machine = machine
        stage = .staged
        self.temporaryHostname = temporaryHostname
        self.name = name
        self.address = address
        firstSeen = now
        helloCount = 0
        rootHashes = []
    }
}

/// What the server knows of a firmware that it provisioned, each proved over an authenticated connection.
package struct ProvisionedFirmware: Hashable, Codable, Sendable {
    /// The name that its certificate carries.
    package var name: Hostname
    /// `HostOSFQDN` when it was last read.
    package var hostOSFQDN: String?
    package var digestRealm: String
    /// SHA-256 of the SubjectPublicKeyInfo that port 16993 presents, hexadecimal: the pin.
    package var pin: String
    /// The certificate, PEM.
    package var certificate: String
    /// The firmware's own handle of it, `Intel(r) AMT Certificate: Handle: N`.
    package var certificateID: String
    /// The firmware's own handle of its key pair.
    package var keyPairID: String
    package var account: TemporaryAccount?
    /// When the admin password of the store was last proved, seconds since 1970.
    package var adminProved: Double?
    package var provedAt: Double
    /// What a job has issued and not yet proved: the firmware may present it from any moment on.
    package private(set) var pending: Pending?
    /// What jobs before that one had issued and not proved either; the one that was met last is the last.
    package private(set) var formerPending: [Pending]?
    /// Whether its certificate is another authority's, accepted by a person when the machine was adopted.
    package var isForeign: Bool?
    /// Whether a job ended before it could remove what it had put into the firmware's store.
    package var mayHoldLeftovers: Bool?

    /// A name, and the key under which the firmware will present it.
    package struct Pending: Hashable, Codable, Sendable {
        package var name: Hostname
        /// As ``ProvisionedFirmware/pin``.
        package var pin: String

        package init(name: Hostname, pin: String) {
            self.name = name
            self.pin = pin
        }
    }

    /// So many of the former ones are kept.
    private static let mostPending = 8

    /// What the firmware may present besides the pin, the likeliest first.
    package var unproved: [Pending] { (pending.map { [$0] } ?? []) + (formerPending ?? []).reversed() }

    /// Remembers what a job has issued, before the firmware may present it.
    ///
    /// The firmware presents what it presented until the job commits: what an earlier job had issued is not forgotten.
    ///
    /// - Parameters:
    ///   - new: Its name and key.
    ///   - met: The key, hexadecimal, that the firmware presents now.
    package mutating func expect(_ new: Pending, presentsNow met: String?) {
        var former = unproved.reversed().filter { $0 != new }
        if let place = former.firstIndex(where: { $0.pin == met }) { former.append(former.remove(at: place)) }
        pending = new
        formerPending = former.isEmpty ? nil : former.suffix(Self.mostPending)
    }

    /// One of them is proved, and is the pin from here on.
    package mutating func forgetUnproved() { (pending, formerPending) = (nil, nil) }

    /// When the firmware's accounts were last looked through, seconds since 1970.
    package var sweptAt: Double?
    /// When they are to be looked through before their turn, since a job ended that may have made one without learning
    /// of it; seconds since 1970.
    package var sweepDue: Double?

    package init(
        name: Hostname, hostOSFQDN: String?, digestRealm: String, pin: String, certificate: String,
        certificateID: String, keyPairID: String, account: TemporaryAccount?, adminProved: Double?, provedAt: Double
    ) {
        self.name = name
        self.hostOSFQDN = hostOSFQDN
        self.digestRealm = digestRealm
        self.pin = pin
        self.certificate = certificate
        self.certificateID = certificateID
        self.keyPairID = keyPairID
        self.account = account
        self.adminProved = adminProved
        self.provedAt = provedAt
    }
}

/// The digest account that mends a machine, until it has.
package struct TemporaryAccount: Hashable, Codable, Sendable {
    /// Ours are recognised by this head.
    package static let prefix = "nsk-"
    /// How long one lives on after a job that failed, in seconds: the next run of the agent may use it.
    package static let afterFailure = 3600.0

    package var name: String
    /// The firmware's handle of its access-control entry.
    package var handle: UInt32
    /// Seconds since 1970; it is removed when this is past.
    package var ends: Double

    package init(name: String, handle: UInt32, ends: Double) {
        self.name = name
        self.handle = handle
        self.ends = ends
    }
}

/// Which secret of a machine a sealed value is.
package struct SecretPurpose: RawRepresentable, Hashable, Sendable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let adminPassword = SecretPurpose(rawValue: "admin-password")
    /// The password by which a machine is adopted.
    package static let adoption = SecretPurpose(rawValue: "adoption-password")
    /// The password of the firmware's boot prompt.
    package static let mebxPassword = SecretPurpose(rawValue: "mebx-password")
    /// What an agent was given for the firmware to show when it asks for its set-up.
    package static let oneTimePassword = SecretPurpose(rawValue: "one-time-password")
    /// A TLS key that the server has made for a firmware that makes none, until it is proved to be there; PEM.
    package static let firmwareKey = SecretPurpose(rawValue: "firmware-key")
    /// The password of a digest user that the configuration names.
    package static func user(_ name: String) -> SecretPurpose { .init(rawValue: "user:\(name)") }
    /// The password of the temporary account of this name.
    package static func account(_ name: String) -> SecretPurpose { .init(rawValue: "account:\(name)") }

    /// The temporary account's name, when it is the password of one.
    package var account: String? {
        rawValue.hasPrefix("account:") ? String(rawValue.dropFirst("account:".count)) : nil
    }
}
