/// What the firmware offers to the programs of its own host, besides the host interface.
extension SimulatedFirmware {
    /// Whether TLS alone is spoken to the host.
    var demandsTLSFromHost: Bool {
        personality.needsTLSFromHost || (committedTLS.local.enabled && !committedTLS.local.acceptsPlain)
    }

    /// The ports that the firmware wants forwarded: those of HTTP and those of redirection.
    ///
    /// Source: host reference 4.2, 5.1.
    var forwardedPorts: [UInt32] {
        if demandsTLSFromHost { return [16993, 664] }
        return committedTLS.local.enabled ? [16992, 623, 16993, 664] : [16992, 623]
    }

    /// The answer to IsChangeToAMTEnabled, one byte: whether AMT is on, and whether the local ports speak TLS alone.
    ///
    /// Source: host reference 2.6. Bit 7, by which the others count, is set from 16.1 on.
    var manageability: UInt8 {
        guard personality.release >= 16 else { return isDisabled ? 0 : 1 }
        return 0x80 | (isDisabled ? 0 : 0x02) | (demandsTLSFromHost ? 0x40 : 0)
    }

    /// The certificate, its issuers, and the key that the local TLS port presents.
    ///
    /// What the last commit selected, as on the network's; else what the firmware made itself.
    func locallyServedIdentity(selfSigned: SelfSigned) -> (certificate: [UInt8], issuers: [[UInt8]], key: RSAKey) {
        if let handle = committedTLS.certificate, let stored = store.certificates[handle],
            let key = store.key(of: stored.certificate).flatMap({ store.keys[$0] })
        {
            return (stored.der, [], key)
        }
        return (selfSigned.certificate, selfSigned.issuers, selfSigned.key)
    }
}
