package import Certificates
package import Vocabulary

/// By what the certificate is believed that the firmware presents on its local TLS port.
///
/// What speaks there may be the firmware, or a program of any user that poses as Intel's LMS on 127.0.0.1. So nothing is
/// said as the local system account before one of these holds, in this order:
///
/// 1. the pin: the key itself, as a person or the server's record gave it;
/// 2. an authority that is configured, by the rules for any TLS server, and the firmware's own name in the certificate;
/// 3. an on-die chain: the names that Intel's have, each certificate signed by the next one's key, up to a root of Intel's
///    that is configured. Without that root the chain proves nothing to a stranger; it is taken only where the operating
///    system's driver carried it, since then nobody but the management engine can have sent it.
///
/// An on-die chain's dates are not looked at: its keys never leave the chip, and firmware's clock may stand at its beginning.
package struct LocalTrust: Sendable {
    package var authorities: [Certificate] = []
    package var onDieRoots: [Certificate] = []
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    package var pin: [UInt8]?
    /// The name that the firmware has by its host interface.
    package var firmwareName: Hostname?
    /// Seconds since 1970.
    package var now: Int

    package init(now: Int) { self.now = now }

    /// The words for it stand in reports and are never changed.
    package enum Basis: String, Hashable, Sendable {
        case pin
        case authority
        case onDieRoot = "on-die-root"
        case onDieChain = "on-die-chain"
    }

    package enum Verdict: Hashable, Sendable {
        case believed(Basis)
        /// Why not.
        case doubted(String)
    }

    /// Judges a chain, the firmware's own certificate first.
    ///
    /// - Parameters:
    ///   - chain: What was presented.
    ///   - isByDriver: Whether the bytes came through the MEI driver, and not by TCP.
    /// - Returns: By what it is believed, or every reason why not.
    /// - Throws: ``Failure`` when a certificate cannot be read.
    package func judge(_ chain: [Certificate], isByDriver: Bool) throws(Failure) -> Verdict {
        guard let leaf = chain.first else { return .doubted("it presented no certificate") }
        var doubts: [String] = []
        if let pin {
            if leaf.publicKey.pin == pin { return .believed(.pin) }
            doubts.append("its key is not the pinned one")
        }
        if !authorities.isEmpty {
            switch try judge(leaf, Array(chain.dropFirst())) {
            case nil: return .believed(.authority)
            case let doubt?: doubts.append(doubt)
            }
        }
        if Self.looksOnDie(chain) {
            switch try judgeOnDie(chain) {
            case .believed(.onDieChain) where !isByDriver:
                doubts.append("its on-die chain leads to no root that is configured (onDieRoots)")
            case .believed(let basis): return .believed(basis)
            case .doubted(let doubt): doubts.append(doubt)
            }
        }
        if doubts.isEmpty { doubts.append("nothing is configured by which it could be believed") }
        return .doubted(doubts.joined(separator: "; "))
    }

    private func judge(_ leaf: Certificate, _ issuers: [Certificate]) throws(Failure) -> String? {
        if let doubt = try leaf.doubt(about: authorities, issuers: issuers, now: now) {
            return "no authority that is configured vouches for it (\(doubt))"
        }
        guard let firmwareName else { return "the firmware's name is not known, so it may be another machine's" }
        let names = leaf.dnsNames + [leaf.subjectCommonName]
        guard names.contains(where: { (try? Hostname($0)) == firmwareName }) else {
            return "it is for \(names.first ?? "nobody"), not for \(firmwareName)"
        }
        return nil
    }

    private func judgeOnDie(_ chain: [Certificate]) throws(Failure) -> Verdict {
        for place in chain.indices.dropLast() where try !chain[place].isIssued(by: chain[place + 1]) {
            return .doubted("certificate \(place + 1) of its on-die chain is not signed by the next one")
        }
        guard let last = chain.last else { return .doubted("it presented no certificate") }
        for root in onDieRoots {
            if last == root { return .believed(.onDieRoot) }
            if try last.isIssued(by: root) { return .believed(.onDieRoot) }
        }
        return onDieRoots.isEmpty
            ? .believed(.onDieChain) : .doubted("its on-die chain leads to none of the roots that are configured")
    }

    /// Whether a chain has the names of an on-die authority of Intel's.
    ///
    /// Source: host reference 5.1, from rpc-go's `lmsTls.go`.
    static func looksOnDie(_ chain: [Certificate]) -> Bool {
        guard chain.count >= 3, let leaf = chain.first,
            ["AMT RCFG", "iAMT CSME IDevID RCFG"].contains(leaf.subjectCommonName)
        else { return false }
        return chain.dropFirst().contains { certificate in
            certificate.organizationalUnits.contains { unit in
                ["ODCA 2 CSME", "On Die CSME"].contains { unit.hasPrefix($0) }
            }
                && ["ROM CA", "ROM DE"].contains { certificate.subjectCommonName.contains($0) }
        }
    }
}
