package import Certificates
package import Fleet
package import Vocabulary

/// The authority that `namesake-server init` makes: a root or an intermediate, its key in the server's folder.
///
/// Where an intermediate issues, the root's key is not here and may be offline.
package struct BuiltInAuthority: RevokingAuthority, AgentAuthority {
    private let issuer: Certificate
    private let key: PrivateKey
    private let profile: LeafProfile
    private let revocations: (any RevocationStore)?
    package let trustAnchors: String

    /// What the operator may choose of certificates.
    package struct LeafProfile: Hashable, Codable, Sendable {
        /// 2048 or 3072; a firmware that refuses the latter is given 2048, and the job says so.
        package var keyBits = 2048
        package var digest = SigningDigest.sha256
        package var days = 730
        /// How long before a certificate's end it is renewed.
        package var renewDaysBefore = 60
        /// Where operators serve the revocation list over http.
        package var revocationList: String?

        package init() {}

        /// Whatever is left out stays as it is by default.
        package init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            keyBits = try values.decodeIfPresent(Int.self, forKey: .keyBits) ?? keyBits
            digest = try values.decodeIfPresent(SigningDigest.self, forKey: .digest) ?? digest
            days = try values.decodeIfPresent(Int.self, forKey: .days) ?? days
            renewDaysBefore = try values.decodeIfPresent(Int.self, forKey: .renewDaysBefore) ?? renewDaysBefore
            revocationList = try values.decodeIfPresent(String.self, forKey: .revocationList)
        }

        /// - Throws: ``Failure`` with ``Failure/Code/configurationInvalid``, naming the value that cannot be.
        package func check() throws(Failure) {
            guard [2048, 3072].contains(keyBits) else {
                throw Failure(
                    .configurationInvalid, "keyBits is \(keyBits); firmware makes RSA keys of 2048 or 3072 bits")
            }
            guard (2...3650).contains(days), (1..<days).contains(renewDaysBefore) else {
                throw Failure(
                    .configurationInvalid,
                    "certificates of \(days) days, renewed \(renewDaysBefore) days before their end, cannot be",
                    hint: "Let days be 2 to 3650, and renewDaysBefore less than that.")
            }
            guard revocationList?.hasPrefix("http://") ?? true, revocationList?.contains(",") != true else {
                throw Failure(.configurationInvalid, "revocationList is an http URL without commas")
            }
        }
    }

    /// - Parameters:
    ///   - chain: The issuing authority first, then those above it, as far as they are known.
    ///   - key: The issuing authority's.
    ///   - profile: What leaves look like.
    ///   - revocations: Where it is kept what was taken back; `nil` where only the keys are looked at.
    /// - Throws: ``Failure`` with ``Failure/Code/certificateUnfit`` when they do not belong together.
    package init(
        chain: [Certificate], key: PrivateKey, profile: LeafProfile = LeafProfile(),
        revocations: (any RevocationStore)? = nil
    ) throws(Failure) {
        guard let issuer = chain.first, try key.publicKey == issuer.publicKey else {
            throw Failure(
                .certificateUnfit, "the authority's key does not belong to its first certificate",
                hint: "Restore authority.pem and authority.key together.")
        }
        for (child, parent) in zip(chain, chain.dropFirst()) where try !child.isIssued(by: parent) {
            throw Failure(
                .certificateUnfit, "\(child.subjectCommonName) is not issued by \(parent.subjectCommonName)",
                hint: "Order authority.pem from the issuing authority up to the root.")
        }
        try profile.check()
        self.issuer = issuer
        self.key = key
        self.profile = profile
        self.revocations = revocations
        var anchors = ""
        for link in chain { anchors += try link.pem }
        trustAnchors = anchors
    }

    package var keyBits: Int { profile.keyBits }

    package func issue(
        _ request: CertificateRequest, for name: Hostname, now: Double
    ) async throws(Failure) -> Certificate {
        try requireTime(now)
        var leaf = CertificateProfile.server(name, lifetime: .seconds(lifetime(now)))
        leaf.digest = profile.digest
        leaf.revocationList = profile.revocationList
        return try leaf.issue(for: request.publicKey, by: issuer, signingWith: key, now: Int(now))
    }

    package func issue(agentOf machine: MachineID, _ key: PublicKey, now: Double) async throws(Failure) -> String {
        try requireTime(now)
        var leaf = CertificateProfile.agent(of: machine)
        leaf.digest = profile.digest
        leaf.lifetime = .seconds(lifetime(now))
        return try leaf.issue(for: key, by: issuer, signingWith: self.key, now: Int(now)).pem + trustAnchors
    }

    private func requireTime(_ now: Double) throws(Failure) {
        guard Double(issuer.notAfter) > now else {
            throw Failure(
                .certificateUnfit, "the authority \(issuer.subjectCommonName) has ended",
                hint: "Put another authority.pem and authority.key in its place.")
        }
    }

    /// A certificate that outlived its authority would not verify.
    private func lifetime(_ now: Double) -> Int { min(profile.days * 86_400, issuer.notAfter - Int(now)) }

    package func revoke(
        _ certificate: Certificate, because reason: RevocationReason, now: Double
    ) async throws(Failure) {
        guard let revocations, try certificate.isIssued(by: issuer) else { return }
        try await revocations.revoke(Revocation(serial: certificate.serial, reason: reason.rawValue, at: now))
    }

    /// The list of what was taken back, good for 30 days.
    package func revocationList(now: Double) async throws(Failure) -> RevocationList {
        let entries = try await (revocations?.revocations() ?? []).map {
            RevocationList.Entry(
                serial: $0.serial, revoked: Int($0.at), reason: RevocationReason(rawValue: $0.reason) ?? .superseded)
        }
        return try RevocationList.issue(
            entries, by: issuer, signingWith: key, digest: profile.digest, now: Int(now),
            lifetime: .seconds(30 * 86_400))
    }
}
