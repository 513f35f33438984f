extension Personality {
    /// AMT 16.1 on Raptor Lake: TLS 1.2 alone, and nothing without TLS to the network.
    ///
    /// Set-up presents a chain of the on-die authority and refuses SHA-1. Source: network reference 1.3,
    /// 3.2, 5.1, 5.2, 6.1, 11.
    package static let amt16 = Personality(
        name: "16.1", version: "16.1.25", build: "2124", biosVersion: "SIMBIOS 1.0", sku: "16392",
        server: "Intel(R) Active Management Technology 16.1.25.2124",
        tls: TLSRange(lowest: .v12, highest: .v12), servesPlain: false, ownCertificate: .onDie,
        refusesSHA1Chains: true,
        newerProperties: [
            .dhcpSyncRequiresHostname, .nonSecureConnectionsSupported, .physicalConnectionType, .thunderboltDockEnabled,
        ])
}
