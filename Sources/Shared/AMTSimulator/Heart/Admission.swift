extension SimulatedFirmware {
    /// What a new connection finds.
    package enum Admission: Hashable, Sendable {
        /// Nothing listens.
        case closed
        /// A client proves itself by digest alone.
        case anyone
        /// Set-up mode: the provisioning server's chain is checked.
        case chainForSetUp
        /// Set-up mode: TLS by the shared key alone, and digest inside.
        case sharedKey
        /// Mutual TLS: a client's chain is checked.
        case chainOfClient
        /// Set-up from the host: the certificate that was announced, or the host's own account.
        case announcedLeaf
    }

    /// How port 16993, or without TLS 16992, meets a client now.
    ///
    /// Only committed settings count. Source: network reference 1.1, 3.1, 6.3; that 16993 answers with the self-made
    /// certificate before TLS is configured is documented up to CSME 18 (1.3).
    package func admission(tls: Bool) -> Admission {
        let remote = committedTLS.remote
        switch provisioningState {
        case _ where host.isOff || host.isDisabledInMEBx || isInRecovery: return .closed
        case .pre: return .closed
        case .in where isSetUpOver: return .closed
        case .in where host.announcedLeaf != nil: return .closed
        case .in: return !tls ? .closed : setsUpBySharedKey ? .sharedKey : .chainForSetUp
        case .post where tls && !remote.enabled && !personality.switches.servesOwnCertificate: return .closed
        case .post where tls: return remote.enabled && remote.mutual ? .chainOfClient : .anyone
        case .post where !personality.servesPlain: return .closed
        case .post: return remote.enabled && !remote.acceptsPlain ? .closed : .anyone
        }
    }

    /// The certificate, what follows it in its chain, and the key that port 16993 presents, as DER.
    ///
    /// - Parameters:
    ///   - selfSigned: What the firmware made itself.
    ///   - toHost: Whether the host asks, whose settings are others.
    /// - Returns: What the last commit selected, else a certificate that the firmware made itself.
    func servedIdentity(
        selfSigned: SelfSigned, toHost: Bool = false
    ) -> (certificate: [UInt8], issuers: [[UInt8]], key: RSAKey) {
        // The host is shown what was set up for the network, too.
        if toHost || committedTLS.remote.enabled, let handle = committedTLS.certificate,
            let stored = store.certificates[handle],
            let key = store.key(of: stored.certificate).flatMap({ store.keys[$0] })
        {
            return (stored.der, [], key)
        }
        return (selfSigned.certificate, selfSigned.issuers, selfSigned.key)
    }
}
