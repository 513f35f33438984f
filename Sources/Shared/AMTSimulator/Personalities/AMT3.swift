extension Personality {
    /// AMT 3.2.2, in machines of 2007: the first release that this product takes, and the last bug of 3.2.1 is gone.
    ///
    /// TLS 1.0 with static RSA; key pairs come from outside; 20 roots of the maker and three more; nothing of
    /// host-based set-up, which came with 7.0. Source: network reference 1.3, 3.3, 6.2, 9, 11. Inferred: that roots are
    /// known by SHA-1 alone, as the lists of those years print them.
    package static let amt3 = Personality(
        name: "3.2", version: "3.2.2", build: "1006", biosVersion: "SIMBIOS 1.0", sku: "8",
        server: "Intel(R) Active Management Technology 3.2.2",
        tls: TLSRange(lowest: .v10, highest: .v10, suites: staticRSA), rootHashes: [.sha1], takesSharedKey: true,
        hasAdminSetup: false, makesKeys: false, mostRoots: 23)
}
