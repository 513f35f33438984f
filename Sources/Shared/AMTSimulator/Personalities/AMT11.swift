extension Personality {
    /// AMT 11.8.50, of which a 401 was captured.
    ///
    /// TLS 1.0 and 1.1 with static RSA; no PSK any more. Source: network reference 1.3, 11.
    package static let amt11: Personality = {
        var personality = Personality(
            name: "11.8", version: "11.8.50", build: "3425", biosVersion: "SIMBIOS 1.0", sku: "16392",
            server: "Intel(R) Active Management Technology 11.8.50.3425")
        personality.traits.lowestTLS = .v10
        personality.traits.highestTLS = .v11
        personality.traits.onlyStaticRSA = true
        return personality
    }()
}
