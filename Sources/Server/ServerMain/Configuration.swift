import Certificates
import Foundation
import Kerberos
import Provisioning
import StorageSQLite
import Vocabulary

/// The server's folder: configuration, keys, certificates, store.
///
/// Everything in it is its owner's alone.
struct ServerFolder {
    let path: String

    init(_ path: String) { self.path = path }

    var configuration: String { "\(path)/configuration.json" }
    var masterKey: String { "\(path)/master.key" }
    var authorityCertificate: String { "\(path)/authority.pem" }
    var authorityKey: String { "\(path)/authority.key" }
    var apiCertificate: String { "\(path)/api.pem" }
    var apiKey: String { "\(path)/api.key" }
    var provisioningChain: String { "\(path)/provisioning.pem" }
    var provisioningKey: String { "\(path)/provisioning.key" }
    var provisioningRoot: String { "\(path)/provisioning-root.pem" }
    var store: String { "\(path)/store.sqlite" }
    var console: String { "\(path)/console.socket" }
    var revocationList: String { "\(path)/authority.crl" }
    var recovery: String { "\(path)/recovery" }
    var lock: String { "\(path)/lock" }

    func read(_ file: String) throws(Failure) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: file) else {
            let isOurs = file.hasPrefix("\(path)/")
            throw Failure(
                .configurationInvalid, "cannot read \(file)",
                hint: isOurs
                    ? "Make the folder with `namesake-server init --folder \(path)`, or restore it from its backup."
                    : "Check the name, and who may read it.")
        }
        return Array(data)
    }

    func text(_ file: String) throws(Failure) -> String { String(decoding: try read(file), as: UTF8.self) }

    /// Writes a new file with mode 0600, all of it or none; an existing one is not touched.
    func create(_ file: String, _ bytes: [UInt8]) throws(Failure) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(
                .configurationInvalid, "cannot make \(file): \(String(cString: strerror(errno)))",
                hint: errno == EEXIST
                    ? "It is left as it is. An interrupted `init` leaves a folder to remove first." : nil)
        }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw removed(file) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw removed(file) }
    }

    /// A half file would be in the way of the next attempt.
    private func removed(_ file: String) -> Failure {
        let why = String(cString: strerror(errno))
        unlink(file)
        return Failure(
            .configurationInvalid, "cannot write \(file): \(why)", hint: "Make room for it; nothing is left of it.")
    }
}

extension ServerFolder {
    /// One server a folder: SQLite's jobs are claimed by one process.
    ///
    /// Held until the process ends.
    func takeLock() throws(Failure) {
        let descriptor = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Failure(
                .storeUnavailable, "a server runs in \(path), or the folder cannot be written",
                hint: "Stop it first, or use its console.")
        }
    }

    /// Refuses to begin with an empty store where there was one.
    ///
    /// Machines that it knew would be strangers, their passwords lost with it.
    func requireNoLoss() throws(Failure) {
        guard !FileManager.default.fileExists(atPath: store),
            case let exports = try RecoveryShelf(folder: recovery).all(), !exports.isEmpty
        else { return }
        throw Failure(
            .storeUnavailable,
            "the store \(store) is gone: this server has looked after \(exports.count) machines, as \(recovery) says",
            hint:
                "Restore the last backup (`namesake-server restore --input FILE`). Where there is none, `namesake-server "
                + "recovery open FILE` shows what opens each machine; move \(recovery) aside to begin with an empty store."
        )
    }

    /// The store, which must be there.
    func existingStore() throws(Failure) -> SQLiteStore {
        guard FileManager.default.fileExists(atPath: store) else {
            throw Failure(
                .storeUnavailable, "there is no store \(store)",
                hint: "Name the server's folder with --folder; a server that has never run has none.")
        }
        return try SQLiteStore(path: store)
    }
}

/// What an operator may change, in `configuration.json`.
struct ServerConfiguration: Codable {
    /// Temporary names are made in this domain.
    var domain: Hostname
    /// A machine may claim names below these.
    var domains: [Hostname]
    /// `address:port` for hellos; firmware calls port 9971.
    var hello: String
    /// `address:port` for agents.
    var api: String
    /// The port on which firmware speaks TLS.
    var firmwarePort: Int
    /// How many jobs run at once, each with one request in flight.
    var jobsAtOnce: Int
    /// `auto` (the default), `in-place` or `partial`.
    var route: Routes.Policy?
    /// What a claimed name must match as a whole, a POSIX extended regular expression; any name when left out.
    var namePattern: String?
    /// Which claims wait for a person: `none` (the default), `unproved` or `every`.
    var approval: Approval?
    /// A PEM file of the on-die authorities whose boards are believed: their root, and what is between it and the chip.
    ///
    /// In the server's folder unless its path is absolute. Where it is left out, no board is asked to sign.
    var onDieRoots: String?
    /// Which claims need the board's signature: `where-offered` (the default) or `required`.
    var boardProof: BoardPolicy?
    /// Who is told when machines change their collection.
    var webhooks: [WebhookSettings]?
    /// What the server does with a machine that comes into a collection: `{"ready to build": "boot-pxe"}`.
    var actions: [String: CollectionAction]?
    /// The server's own Kerberos key or cache, for firmware that another console joined to a realm.
    var kerberos: Kerberos?
    /// Whose certificates are accepted when a machine is adopted, without a person who compares keys.
    var adoption: AdoptionPolicy?
    /// Whether the boot prompt of firmware gets a password of its own: `random` (the default) or `leave`.
    var mebxPassword: MEBxPolicy?
    /// Users that every provisioned firmware gets: `[{"name": "helpdesk", "realms": ["remote-control"]}]`.
    var digestUsers: [DigestUser]?
    /// Whether agents that open a set-up carry a one-time password into the firmware; yes when left out.
    var oneTimePasswords: Bool?
    /// In which order a boot from the network is asked for: `settings-first` (the default) or `choice-first`.
    var bootOrder: BootOrder?
    /// What certificates of firmware look like; the defaults when left out.
    var certificates: BuiltInAuthority.LeafProfile?
    /// For how long a job is this server's after its last heartbeat, where several serve one store; 30 when left out.
    var leaseSeconds: Double?
    /// How long a firmware may take for one answer as a whole, in seconds; 60 when left out.
    var answerSeconds: Double?
    /// `address:port` at which the revocation list is served over HTTP, as `/authority.crl`; certificates name it.
    var revocationListServer: String?
    /// How long the server rests between two looks for what time makes due; an hour when left out.
    var upkeepEverySeconds: Double?

    /// What certificates of firmware look like; they name the list that this server serves, unless another is named.
    var leafProfile: BuiltInAuthority.LeafProfile {
        var profile = certificates ?? .init()
        if profile.revocationList == nil, let revocationListServer {
            profile.revocationList = "http://\(revocationListServer)/authority.crl"
        }
        return profile
    }

    /// Whose boards are believed; `nil` where no board is asked.
    func boards(in folder: ServerFolder) throws(Failure) -> BoardTrust? {
        guard let onDieRoots else {
            guard boardProof == nil else {
                throw Failure(
                    .configurationInvalid,
                    "boardProof wants signatures of boards, and onDieRoots names nobody to believe",
                    hint: "Name a PEM file with the root of the on-die authorities, or remove boardProof.")
            }
            return nil
        }
        let path = onDieRoots.hasPrefix("/") ? onDieRoots : "\(folder.path)/\(onDieRoots)"
        let anchors: TrustAnchors
        do throws(Failure) { anchors = try TrustAnchors(pem: try folder.text(path)) } catch {
            throw Failure(
                .configurationInvalid, "onDieRoots, \(path): \(error.message)",
                hint: "It holds PEM: the root of the maker's on-die authorities and the authorities below it.")
        }
        return BoardTrust(anchors, policy: boardProof ?? .whereOffered)
    }

    static func load(from folder: ServerFolder) throws(Failure) -> ServerConfiguration {
        let bytes = try folder.read(folder.configuration)
        let read: ServerConfiguration
        do { read = try JSONDecoder().decode(ServerConfiguration.self, from: Data(bytes)) } catch {
            throw Failure(
                .configurationInvalid, "\(folder.configuration) cannot be read: \(error)",
                hint: "Correct the file; `namesake-server init` writes one that can be read.")
        }
        try DigestUser.check(read.digestUsers ?? [])
        try read.check()
        return read
    }

    /// Refuses what would leave a server that listens and does nothing, or never rests.
    private func check() throws(Failure) {
        let bounds: [(name: String, value: Double?, least: Double, most: Double)] = [
            ("firmwarePort", Double(firmwarePort), 1, 65_535), ("jobsAtOnce", Double(jobsAtOnce), 1, 100_000),
            ("answerSeconds", answerSeconds, 1, 3600), ("leaseSeconds", leaseSeconds, 1, 3600),
            ("upkeepEverySeconds", upkeepEverySeconds, 1, 86_400),
        ]
        for (name, value, least, most) in bounds {
            guard let value, !(least...most).contains(value) else { continue }
            throw Failure(
                .configurationInvalid, "\(name) is \(value.formatted()) in configuration.json",
                hint: "Let it be from \(Int(least)) to \(Int(most)).")
        }
        guard !domains.isEmpty else {
            throw Failure(
                .configurationInvalid, "domains is empty in configuration.json: no machine could be named",
                hint: "Name the domains below which machines may have names, \(domain) for one.")
        }
    }
}

/// Which machines of another console may be adopted without a person's look at their keys.
struct AdoptionPolicy: Codable {
    /// A PEM file of authorities: a firmware is accepted whose certificate is theirs and carries the name that is told.
    var authorities: String
}

/// `address:port`, split.
func hostAndPort(_ text: String) throws(Failure) -> (host: String, port: Int) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), port >= 0,
        port < 65536, text.startIndex < colon
    else {
        throw Failure(.configurationInvalid, "'\(text)' is not address:port", hint: "Write it like 192.0.2.5:9971.")
    }
    return (String(text[..<colon]), port)
}
