extension SimulatedFirmware {
    /// Whether the host's own way in demands TLS.
    ///
    /// Source: host reference 2.6, 5.1.
    var hostDemandsTLS: Bool {
        personality.needsTLSFromHost || (committedTLS.local.enabled && !committedTLS.local.acceptsPlain)
    }

    /// The ports that the firmware has the host forward: 16992 and 623 without TLS, 16993 and 664 with it.
    ///
    /// Where both serve, those without TLS come first. Source: host reference 4.2.
    var localPorts: [UInt32] {
        guard !host.isOff, !host.isDisabledInMEBx, !isInRecovery else { return [] }
        let plain: [UInt32] = hostDemandsTLS ? [] : [16992, 623]
        return hostDemandsTLS || committedTLS.local.enabled || awaitsAnnounced ? plain + [16993, 664] : plain
    }

    /// Whether set-up waits for the holder of the certificate that the host announced.
    var awaitsAnnounced: Bool { provisioningState == .in && !isSetUpOver && host.announcedLeaf != nil }

    /// How a local port meets a client now.
    ///
    /// Before set-up too: the host's own account begins set-up there. Source: host reference 5.1, 5.3, 2.3.
    package func localAdmission(tls: Bool) -> Admission {
        guard localPorts.contains(tls ? 16993 : 16992) else { return .closed }
        guard tls else { return .anyone }
        if awaitsAnnounced { return .announcedLeaf }
        return provisioningState == .post && committedTLS.local.enabled && committedTLS.local.mutual
            ? .chainOfClient : .anyone
    }

    /// Checks the chain of a client who sets the machine up through the host: the rules of set-up, and the leaf is the one
    /// that was announced.
    ///
    /// A client without a certificate may come too, as the host's own account.
    ///
    /// - Returns: Why it is refused, or `nil`.
    mutating func refusal(ofAnnounced chain: [[UInt8]]) -> String? {
        guard let leaf = chain.first, let announced = host.announcedLeaf else { return nil }
        let digest: Personality.RootHash = announced.count == 48 ? .sha384 : .sha256
        guard digest.digest(leaf) == announced else { return "the certificate is not the one that was announced" }
        return refusal(of: chain)
    }
}
