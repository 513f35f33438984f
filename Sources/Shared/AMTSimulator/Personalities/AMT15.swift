extension Personality {
    /// AMT 15.0 of desktops: TLS 1.2 alone, and the first that presents a chain of the on-die authority in set-up.
    ///
    /// Ports without TLS still answer to the network. Server header and realm are those of a captured 15.0.23.1706.
    /// Source: network reference 1.3, 1.4, 3.2, 5.2, 11.
    package static let amt15 = Personality(
        name: "15.0", version: "15.0.23", build: "1706", biosVersion: "SIMBIOS 1.0", sku: "16392",
        server: "Intel(R) Active Management Technology 15.0.23.1706",
        tls: TLSRange(lowest: .v12, highest: .v12), ownCertificate: .onDie, refusesSHA1Chains: true,
        newerProperties: [.physicalConnectionType])
}
