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
    /// Why a peer with this certificate (PEM) is another one than is looked for, where neither name nor key can tell.
    package var objection: (@Sendable (_ certificate: String) -> String?)?
    package var identity: ClientIdentity?
    /// What both ends of TLS have in place of certificates.
    package var sharedKey: TLSSharedKey?
    /// `nil` on a set-up session that takes our certificate for authentication.
    package var credential: DigestCredential?
    /// What else may open it, where `credential` is refused; each is tried once.
    package var alternatives: [DigestCredential] = []
    /// Makes the `Authorization` value of each request, where a ticket stands in place of a password.
    package var ticket: (@Sendable () async throws(Failure) -> Secret)?
    /// Whether TLS 1.0 and 1.1 will do with this firmware.
    package var allowsLegacyTLS = false
    /// What else the peer may present: what a job has issued and not proved.
    package var otherwise: (name: Hostname, trust: PeerTrust)?
    /// What it was asked for before ``otherwise`` was taken up.
    fileprivate var former: (name: Hostname, trust: PeerTrust)?
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
/// made once more with the fresh nonce; a second 401 is a refusal, and nothing is tried after it.
package actor FirmwareConnection: WSManTransport {
    private let client: any HTTPSending
    private let machine: MachineID
    private let nonces: NonceBook
    private var endpoint: FirmwareEndpoint?
    private var opensConnection = true
    private var closesConnection = false
    private var keepsConnection = false
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
    package func speak(as credential: DigestCredential, else alternatives: ArraySlice<DigestCredential> = []) {
        endpoint?.credential = credential
        endpoint?.alternatives = Array(alternatives)
    }

    /// The requests since this was last asked.
    package func takeRequests() -> [JobRequest] {
        defer { log = [] }
        return log
    }

    /// Lets the firmware have its session back after the next answer: it keeps only a few.
    package func closesAfterNext() { closesConnection = true }

    /// The next request goes over the connection that is open, or not at all; its repetition after a challenge, which
    /// shows that nothing has happened to the firmware, may open one.
    package func keepsForNext() { keepsConnection = true }

    /// Turns to another endpoint, or to the same one as another user; the next request opens a connection of its own.
    package func turn(to endpoint: FirmwareEndpoint) {
        self.endpoint = endpoint
        if let followed, endpoint.movedTo == followed { self.endpoint?.address = followed }
        opensConnection = true
    }

    package func exchange(_ envelope: [UInt8], title: String) async throws(WSManFault) -> [UInt8] {
        guard let endpoint else { throw .notSent("no endpoint was chosen") }
        defer {
            keepsConnection = false
            // Of this exchange alone, its repetition after a challenge included: what follows has a connection of its own.
            if closesConnection { (closesConnection, opensConnection) = (false, true) }
        }
        let first = try await send(envelope, title, to: endpoint)
        guard first.status == 401 else { return try body(of: first) }
        var answer = try await answering(first, envelope, title, else: endpoint)
        while answer.status == 401, let next = self.endpoint?.alternatives.first {
            speak(as: next, else: self.endpoint?.alternatives.dropFirst() ?? [])
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
        _ envelope: [UInt8], _ title: String, to endpoint: FirmwareEndpoint, answering challenge: DigestChallenge? = nil
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
        if keepsConnection, challenge == nil {
            guard !opensConnection else { throw .notSent("the connection that it had to go over is closed") }
            request.keepsConnection = true
        }
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
            opensConnection = true
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
                guard let other = endpoint.otherwise else {
                    if let answer = try await elsewhere(envelope, title, than: endpoint, answering: challenge) {
                        return answer
                    }
                    throw .peerNotTrusted("\(await keys(at: endpoint)); asked for \(endpoint.name): \(why)")
                }
                var endpoint = endpoint
                endpoint.former = (endpoint.name, endpoint.trust)
                (endpoint.name, endpoint.trust, endpoint.otherwise) = (other.name, other.trust, nil)
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
        opensConnection = answer.status == 401
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
        if let former = endpoint.former {
            (there.name, there.trust, there.otherwise) = (former.name, former.trust, (endpoint.name, endpoint.trust))
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
        let expected = "expected key \(endpoint.trust.pin?.hexadecimal ?? "any")"
        var request = HTTPRequest("GET", "https://\(endpoint.name):\(endpoint.port)/", trust: .setUpPeer)
        request.connectTo = "\(endpoint.address):\(endpoint.port)"
        (request.opensConnection, request.closesConnection, request.looksOnly) = (true, true, true)
        request.allowsLegacyTLS = endpoint.allowsLegacyTLS
        do {
            guard let pem = try await client.send(request).peerCertificate,
                let found = try Certificate.all(pem: pem).first
            else { return "\(expected), found no certificate" }
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
