import Certificates
package import CurlClient
package import Fleet
import Jobs
package import Vocabulary

/// Somebody who is told over HTTP when machines change their collection: an imaging system, say.
package struct Webhook: Sendable {
    package var name: String
    package var url: String
    /// Only changes to these are told; all when `nil`.
    package var collections: Set<Collection>?
    package var trust: PeerTrust
    package var timeout: Duration
    private let secret: Secret

    /// - Throws: ``Failure`` with ``Failure/Code/configurationInvalid``.
    package init(
        name: String, url: String, collections: Set<Collection>? = nil, trust: PeerTrust, timeout: Duration,
        secret: Secret
    ) throws(Failure) {
        guard !name.isEmpty,
            name.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) })
        else {
            throw Failure(
                .configurationInvalid, "a webhook is named '\(name)'", hint: "Use small letters, digits and hyphens.")
        }
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), !url.contains("@") else {
            throw Failure(
                .configurationInvalid, "the webhook '\(name)' has no http(s) URL, or one with a user in it",
                hint: "Write https://host/path; what is sent is signed, so that no password is needed.")
        }
        self.name = name
        self.url = url
        self.collections = collections
        self.trust = trust
        self.timeout = timeout
        self.secret = secret
    }

    /// The name by which the log knows how far this one is.
    package var reader: String { "webhook:\(name)" }

    package func wants(_ change: MembershipChange) -> Bool {
        guard let collections else { return true }
        return change.to.map(collections.contains) ?? false
    }

    /// What is sent: the change as JSON, signed with the time so that a copy of it is known for one later.
    ///
    /// `Namesake-Signature` is `sha256=` and the hexadecimal HMAC-SHA-256 of `Namesake-Time`, a full stop and the body.
    package func request(for change: MembershipChange, now: Double) throws(Failure) -> HTTPRequest {
        let body = Array(try encoded(change).utf8)
        let time = "\(Int(now))"
        let signature = hmacSHA256(Array("\(time).".utf8) + body, key: secret).hexadecimal
        var request = HTTPRequest(
            "POST", url,
            headers: [
                HTTPHeader("Content-Type", "application/json"), HTTPHeader("Namesake-Time", time),
                HTTPHeader("Namesake-Sequence", "\(change.sequence)"),
                HTTPHeader("Namesake-Signature", "sha256=\(signature)"),
            ], body: body, trust: trust)
        request.timeout = timeout
        request.closesConnection = true
        request.answerLimit = 64 * 1024
        return request
    }
}

extension Webhook {
    /// Tells the changes that are due, in order, until there are no more or one is not taken.
    ///
    /// A change that is not taken is tried again and again, since what comes after it must not come before it;
    /// `namesake-server webhooks replay` moves the place by hand.
    ///
    /// - Parameters:
    ///   - log: What changed, and how far this webhook is.
    ///   - client: The way out.
    ///   - clock: Seconds since 1970.
    ///   - refused: Told of each try that was in vain.
    /// - Throws: When the store fails.
    package func deliver(
        from log: any MembershipLog, by client: any HTTPSending, clock: () -> Double,
        refused: (MembershipChange, ReaderState) -> Void
    ) async throws(Failure) {
        while true {
            var state = try await log.reader(reader)
            guard state.nextTry <= clock(),
                let change = try await log.changes(after: state.taken, limit: 1).first
            else { return }
            let problem = wants(change) ? await send(try request(for: change, now: clock()), by: client) : nil
            // Somebody may have moved the place by hand meanwhile; that stands.
            guard try await log.reader(reader).taken == state.taken else { continue }
            if problem != nil {
                state.tries += 1
                state.nextTry = clock() + pauseAfter(setbacks: state.tries, of: change.machine)
            } else {
                (state.taken, state.tries, state.nextTry) = (change.sequence, 0, 0)
            }
            state.problem = problem
            try await log.keep(state)
            if problem != nil { refused(change, state) }
        }
    }

    /// - Returns: `nil` when the receiver has taken it.
    private func send(_ request: HTTPRequest, by client: any HTTPSending) async -> String? {
        do throws(CurlFault) {
            let status = try await client.send(request).status
            switch status {
            case 200..<300: return nil
            case 300..<400: return "answered \(status), a redirection, which is not followed: give the final URL"
            default: return "answered \(status)"
            }
        } catch { return "\(error)" }
    }
}
