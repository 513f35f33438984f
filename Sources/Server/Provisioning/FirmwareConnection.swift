import AMTOperations
import Certificates
package import CurlClient
package import FirmwareHTTP
package import Jobs
package import Vocabulary
package import WSMan

/// Whom a connection is made to, and as whom.
package struct FirmwareEndpoint: Sendable {
    /// An IP address; no DNS is asked.
    package var address: String
    package var port: Int
    /// The name that the peer's certificate must carry, where a chain is asked for.
    package var name: Hostname
    package var trust: PeerTrust
    /// Why a peer with this certificate (DER) is another one than is looked for, where neither name nor key can tell.
    package var objection: (@Sendable (_ certificate: [UInt8]) -> String?)?
    /// Whether who answers has to show the machine's UUID on each connection before it is asked for anything else, where
    /// no pin can tell.
    package var showsMachine = false
    package var identity: ClientIdentity?
    /// What both ends of TLS have in place of certificates.
    package var sharedKey: TLSSharedKey?
    /// `nil` on a set-up session that takes our certificate for authentication.
    package var credential: DigestCredential?
    /// What else may open it, where `credential` is refused; each is tried once.
    package var alternatives: [DigestCredential] = []
    /// Whether `credential` was set by us: a machine that takes an alternative has forgotten it, and one that refuses it
    /// may have forgotten its nonce.
    package var expectsCredential = false
    /// Makes the `Authorization` value of each request, where a ticket stands in place of a password.
    package var ticket: (@Sendable () async throws(Failure) -> Secret)?
    /// Whether TLS 1.0 and 1.1 will do with this firmware.
    package var allowsLegacyTLS = false
    /// What else the peer may present: what jobs have issued and not proved.
    package var otherwise: [(name: Hostname, trust: PeerTrust)] = []
    /// What it was asked for before one of ``otherwise`` was taken up.
    fileprivate var former: [(name: Hostname, trust: PeerTrust)] = []
    /// Where it may be by now; asked where nothing could be sent, and only for a pinned key.
    package var movedTo: String?

    package init(
        address: String, port: Int, name: Hostname, trust: PeerTrust, identity: ClientIdentity? = nil,
        credential: DigestCredential?
    ) {
        self.address = address
        self.port = port
        self.name = name
        self.trust = trust
        self.identity = identity
        self.credential = credential
    }
}

/// The way to one firmware: TLS and HTTP by libcurl, digest by us, one request in flight.
///
/// A nonce is used as long as the firmware takes it, over reconnects too. When it does not (a plain 401), the request is
/// made once more with the fresh nonce. A second 401 is a refusal of a password that a person has given, and nothing is
/// tried after it: firmware says `stale="false"` of nonces too (network reference 1.5), and locks accounts. One that we
/// set ourselves is tried with one more nonce: a power cut forgets nonces between a challenge and its answer.
///
/// Where no pin tells who answers (a firmware in set-up), the first thing that is asked on every connection is the UUID,
/// and what follows goes over that connection or not at all: an address may have another machine at any moment.
package actor FirmwareConnection: WSManTransport {
    private let client: any HTTPSending
    private let machine: MachineID
    private let nonces: NonceBook
    private var endpoint: FirmwareEndpoint?
    private var opensConnection = true
    private var closesConnection = false
    private var keepsConnection = false
    /// The number of the latest answer's connection.
    private var latest = 0
    /// The open connection, where the machine has shown its UUID on it.
    private var proved: Int?
    /// Whether the latest exchange was opened by an alternative.
    private var tookAlternative = false
    /// Requests sent and handshakes made since this connection was made.
    package private(set) var requests = 0
    package private(set) var handshakes = 0
    /// The address at which the firmware was found, when it was not the endpoint's.
    package private(set) var followed: String?
    private let gate: Turnstile
    private let answerTime: Duration
    private let clock: @Sendable () -> Double
    private let mayGoOn: @Sendable () -> Bool
    private var log: [JobRequest] = []

    package init(
        _ client: any HTTPSending, to machine: MachineID, nonces: NonceBook, gate: Turnstile,
        answerTime: Duration = .seconds(60),
        mayGoOn: @escaping @Sendable () -> Bool = { true }, clock: @escaping @Sendable () -> Double
    ) {
        self.gate = gate
        self.answerTime = answerTime
        self.mayGoOn = mayGoOn
        self.clock = clock
        self.client = client
        self.machine = machine
        self.nonces = nonces
    }

    /// Goes on as another user over the connection that there is.
    package func speak(
        as credential: DigestCredential, else alternatives: [DigestCredential] = [], expects: Bool = false
    ) {
        endpoint?.credential = credential
        endpoint?.alternatives = alternatives
        endpoint?.expectsCredential = expects
    }

    /// The key that the peer has presented, or is to present.
    package var pin: [UInt8]? { endpoint?.trust.pin }

    /// The requests since this was last asked.
    package func takeRequests() -> [JobRequest] {
        defer { log = [] }
        return log
    }

    /// Lets the firmware have its session back after the next answer: it keeps only a few.
    package func closesAfterNext() { closesConnection = true }

    /// The next request to a firmware in set-up goes over the connection that is open, or not at all; its repetition after
    /// a challenge, which shows that nothing has happened to the firmware, may open one.
    package func keepsForNext() { keepsConnection = true }

    /// Turns to another endpoint, or to the same one as another user; the next request opens a connection of its own.
    package func turn(to endpoint: FirmwareEndpoint) {
        self.endpoint = endpoint
        if let followed, endpoint.movedTo == followed { self.endpoint?.address = followed }
        opensNext()
    }

    private func opensNext() { (opensConnection, proved) = (true, nil) }

    package func exchange(_ envelope: [UInt8], title: String) async throws(WSManFault) -> [UInt8] {
        guard let endpoint else { throw .notSent("no endpoint was chosen") }
        defer {
            keepsConnection = false
            // Of this exchange alone, its repetition after a challenge included: what follows has a connection of its own.
            if closesConnection {
                closesConnection = false
                opensNext()
            }
        }
        return endpoint.showsMachine
            ? try await askProved(envelope, title) : try await ask(envelope, title, endpoint)
    }

    /// Asks for the UUID on a connection of its own, unless the machine has shown it on the one that is open.
    ///
    /// - Throws: ``WSManFault``; ``WSManFault/anotherMachine(_:)`` where another one answers, and
    ///   ``WSManFault/authenticationRefused`` where this one has forgotten our password, or none was set yet.
    package func proveMachine() async throws(WSManFault) {
        guard proved == nil, let asked = endpoint else { return }
        opensNext()
        let closes = closesConnection
        closesConnection = false
        defer { closesConnection = closes }
        let found: MachineID
        do {
            found = try await WSManSession(over: Unproved(connection: self)).perform(
                AMT.SetupAndConfigurationService.GetUuid())
        } catch {
            // Whoever it is that refuses our password: it tells nothing of what this machine has forgotten.
            if asked.expectsCredential, error == .authenticationRefused {
                endpoint = asked
                throw .machineNotShown("at \(asked.address) all passwords of \(machine) are refused")
            }
            throw error
        }
        endpoint?.alternatives = asked.alternatives
        guard found == machine else {
            opensNext()
            throw .anotherMachine("\(found) answers at \(endpoint?.address ?? "") and not \(machine)")
        }
        if asked.expectsCredential, tookAlternative {
            endpoint = asked
            opensNext()
            throw .authenticationRefused
        }
        proved = latest
    }

    private struct Unproved: WSManTransport {
        let connection: FirmwareConnection
        func exchange(_ envelope: [UInt8], title: String) async throws(WSManFault) -> [UInt8] {
            try await connection.askUnproved(envelope, title)
        }
    }

    private func askUnproved(_ envelope: [UInt8], _ title: String) async throws(WSManFault) -> [UInt8] {
        guard let endpoint else { throw .notSent("no endpoint was chosen") }
        return try await ask(envelope, title, endpoint)
    }

    private func askProved(_ envelope: [UInt8], _ title: String) async throws(WSManFault) -> [UInt8] {
        var (refusals, wasClosed) = (0, false)
        while true {
            guard proved != nil || !keepsConnection || refusals > 0 else {
                throw .notSent("the connection that it had to go over is closed")
            }
            try await proveMachine()
            guard let endpoint, let proved else { throw .notSent("no endpoint was chosen") }
            let answer: HTTPAnswer
            do { answer = try await send(envelope, title, to: endpoint, over: proved) } catch {
                // The firmware may have closed it meanwhile; on another one it shows its UUID again.
                guard case .notSent = error, !wasClosed, !keepsConnection else { throw error }
                wasClosed = true
                continue
            }
            guard answer.status == 401 else { return try body(of: answer) }
            // The proof brings the fresh nonce with it, and was opened by the same password.
            refusals += 1
            guard refusals < 3 else { throw .authenticationRefused }
        }
    }

    private func ask(
        _ envelope: [UInt8], _ title: String, _ endpoint: FirmwareEndpoint
    ) async throws(WSManFault) -> [UInt8] {
        tookAlternative = false
        let first = try await send(envelope, title, to: endpoint)
        guard first.status == 401 else { return try body(of: first) }
        var answer = try await answering(first, envelope, title, else: endpoint)
        if answer.status == 401, endpoint.expectsCredential {
            answer = try await answering(answer, envelope, title, else: endpoint)
        }
        while answer.status == 401, let next = self.endpoint?.alternatives.first {
            self.endpoint?.credential = next
            self.endpoint?.alternatives.removeFirst()
            tookAlternative = true
            answer = try await answering(answer, envelope, title, else: endpoint)
        }
        guard answer.status != 401 else { throw .authenticationRefused }
        self.endpoint?.alternatives = []
        return try body(of: answer)
    }

    /// The same request with what the challenge of a refusal asks for.
    private func answering(
        _ refusal: HTTPAnswer, _ envelope: [UInt8], _ title: String, else former: FirmwareEndpoint
    ) async throws(WSManFault) -> HTTPAnswer {
        guard former.credential != nil,
            let challenge = refusal.values(of: "WWW-Authenticate").lazy.compactMap({ DigestChallenge($0) }).first
        else { throw .authenticationRefused }
        return try await send(envelope, title, to: endpoint ?? former, answering: challenge)
    }

    private func send(
        _ envelope: [UInt8], _ title: String, to endpoint: FirmwareEndpoint,
        answering challenge: DigestChallenge? = nil, over connection: Int? = nil
    ) async throws(WSManFault) -> HTTPAnswer {
        guard mayGoOn() else { throw .notSent("this server has lost the job to another one") }
        var request = HTTPRequest(
            "POST", "https://\(endpoint.name):\(endpoint.port)/wsman",
            headers: [HTTPHeader("Content-Type", "application/soap+xml;charset=UTF-8")], body: envelope,
            trust: endpoint.trust)
        request.connectTo = "\(endpoint.address):\(endpoint.port)"
        request.timeout = answerTime
        request.identity = endpoint.identity
        request.sharedKey = endpoint.sharedKey
        request.objection = endpoint.objection
        request.allowsLegacyTLS = endpoint.allowsLegacyTLS
        request.opensConnection = opensConnection
        request.closesConnection = closesConnection
        request.keptConnection = connection
        if let ticket = endpoint.ticket {
            let value: Secret
            do throws(Failure) { value = try await ticket() } catch { throw .notSent(error.message) }
            request.headers.append(HTTPHeader("Authorization", secret: value))
        }
        var used: NonceBook.Entry?
        if let credential = endpoint.credential,
            var authorization = challenge.map({ DigestAuthorization($0) })
                ?? nonces.authorization(for: machine, user: credential.user)
        {
            let clientNonce: String
            do { clientNonce = try randomBytes(8).hexadecimal } catch { throw .notSent(error.message) }
            request.headers.append(
                HTTPHeader(
                    "Authorization",
                    secret: authorization.header(
                        for: credential, method: "POST", path: "/wsman", body: envelope, clientNonce: clientNonce)))
            used = NonceBook.Entry(user: credential.user, authorization: authorization)
        }
        let answer: HTTPAnswer
        var line = JobRequest(
            time: clock(), seconds: 0, title: title, user: used?.user, result: "", opened: opensConnection)
        do throws(CurlFault) { answer = try await gated(request) } catch {
            opensNext()
            line.seconds = clock() - line.time
            line.result = "\(error)"
            log.append(line)
            switch error {
            case .unusable(let why): throw .notSent(why)
            case .notConnected(let why):
                if let answer = try await elsewhere(envelope, title, than: endpoint, answering: challenge) {
                    return answer
                }
                throw .notSent(why)
            case .peerTooOld(let why): throw .peerTooOld(why)
            case .sharedKeyRefused(let why): throw .sharedKeyRefused(why)
            case .peerNotTrusted(let why):
                // Nothing was sent, so that asking for the other one is no second try of anything.
                guard let other = endpoint.otherwise.first else {
                    if let answer = try await elsewhere(envelope, title, than: endpoint, answering: challenge) {
                        return answer
                    }
                    throw .peerNotTrusted("\(await keys(at: endpoint)); asked for \(endpoint.name): \(why)")
                }
                var endpoint = endpoint
                endpoint.former.append((endpoint.name, endpoint.trust))
                (endpoint.name, endpoint.trust) = other
                endpoint.otherwise.removeFirst()
                self.endpoint = endpoint
                return try await send(envelope, title, to: endpoint, answering: challenge)
            case .answerUnreadable(let why): throw .unreadable(why)
            case .lost(let why): throw .unreachable(why)
            case .cancelled: throw .unreachable("the request was cancelled")
            }
        }
        requests += 1
        nonces.settle(used, for: machine, accepted: answer.status != 401)
        if answer.openedConnection { handshakes += 1 }
        // Firmware closes the connection of a refusal. Source: network reference 1.3.
        opensConnection = false
        latest = answer.connection
        if answer.status == 401 { opensNext() }
        (line.seconds, line.result, line.opened) = (clock() - line.time, "\(answer.status)", answer.openedConnection)
        log.append(line)
        return answer
    }

    private func gated(_ request: HTTPRequest) async throws(CurlFault) -> HTTPAnswer {
        guard request.opensConnection else { return try await client.send(request) }
        guard await gate.enter() else { throw .cancelled }
        defer { gate.leave() }
        return try await client.send(request)
    }

    /// The same request where the firmware may have moved to, after nothing was sent where it was.
    ///
    /// - Returns: `nil` when nobody with the pinned key answers there either.
    private func elsewhere(
        _ envelope: [UInt8], _ title: String, than endpoint: FirmwareEndpoint, answering challenge: DigestChallenge?
    ) async throws(WSManFault) -> HTTPAnswer? {
        guard let moved = endpoint.movedTo, endpoint.trust.pin != nil else { return nil }
        var there = endpoint
        (there.address, there.movedTo) = (moved, nil)
        if let first = endpoint.former.first {
            (there.name, there.trust) = first
            there.otherwise = endpoint.former.dropFirst() + [(endpoint.name, endpoint.trust)] + endpoint.otherwise
            there.former = []
        }
        do {
            let answer = try await send(envelope, title, to: there, answering: challenge)
            followed = moved
            self.endpoint?.address = moved
            return answer
        } catch {
            switch error {
            case .notSent, .peerNotTrusted, .peerTooOld: return nil
            default: throw error
            }
        }
    }

    /// The key that the record expects and the one that is presented, for a person to compare; nothing is sent.
    private func keys(at endpoint: FirmwareEndpoint) async -> String {
        // Short, and first in the message: agents show the head of it only.
        let expected = "expected key \((endpoint.former.first?.trust ?? endpoint.trust).pin?.hexadecimal ?? "any")"
        var request = HTTPRequest("GET", "https://\(endpoint.name):\(endpoint.port)/", trust: .setUpPeer)
        request.connectTo = "\(endpoint.address):\(endpoint.port)"
        (request.opensConnection, request.closesConnection, request.looksOnly) = (true, true, true)
        request.allowsLegacyTLS = endpoint.allowsLegacyTLS
        do {
            guard let der = try await client.send(request).peerCertificate else {
                return "\(expected), found no certificate"
            }
            let found = try Certificate(der: der)
            return "\(expected), found \(found.publicKey.pin.hexadecimal) of '\(found.subjectCommonName)'"
        } catch { return "\(expected), found what cannot be read now (\(error))" }
    }

    private func body(of answer: HTTPAnswer) throws(WSManFault) -> [UInt8] {
        switch answer.status {
        case 200, 400, 500: return answer.body
        case 503: throw .unreachable("the firmware is busy (HTTP 503)")
        default: throw .unreadable("HTTP status \(answer.status)")
        }
    }
}
