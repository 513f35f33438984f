extension Personality {
    /// AMT 9.1: WS-Management alone, the older protocol is gone.
    ///
    /// TLS 1.0 and 1.1 with static RSA. Source: network reference 1.3, 11.
    package static let amt9: Personality = {
        var personality = Personality(
            name: "9.1", version: "9.1.42", build: "3002", biosVersion: "SIMBIOS 1.0", sku: "16392",
            server: "Intel(R) Active Management Technology 9.1.42.3002")
        personality.traits.lowestTLS = .v10
        personality.traits.highestTLS = .v11
        personality.traits.onlyStaticRSA = true
        return personality
    }()
}
