extension Personality {
    /// AMT 7.1, the first generation with host-based set-up, in machines of 2011.
    ///
    /// TLS 1.0 and 1.1 with static RSA and AES-CBC; set-up by certificates or by a shared key; roots known by SHA-1 too.
    /// Source: network reference 1.3, 3.3, 11. That a root is listed under both digests is inferred from the types that
    /// its table takes.
    package static let amt7 = Personality(
        name: "7.1", version: "7.1.86", build: "1221", biosVersion: "SIMBIOS 1.0", sku: "16392",
        server: "Intel(R) Active Management Technology 7.1.86",
        tls: TLSRange(lowest: .v10, highest: .v11, suites: staticRSA), rootHashes: [.sha1, .sha256],
        takesSharedKey: true)

    /// TLS_RSA_WITH_AES_128_CBC_SHA and TLS_RSA_WITH_AES_256_CBC_SHA.
    static let staticRSA: [UInt16] = [0x002F, 0x0035]
}
