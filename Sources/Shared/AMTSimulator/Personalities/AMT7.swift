extension Personality {
    /// AMT 7.1: the first generation with host-based set-up.
    ///
    /// TLS 1.0 and 1.1 with static RSA. PSK set-up cannot be simulated by swift-nio-ssl. Source: network reference 1.3, 11.
    package static let amt7: Personality = {
        var personality = Personality(
            name: "7.1", version: "7.1.91", build: "3272", biosVersion: "SIMBIOS 1.0", sku: "16392",
            server: "Intel(R) Active Management Technology 7.1.91.3272")
        personality.traits.lowestTLS = .v10
        personality.traits.highestTLS = .v11
        personality.traits.onlyStaticRSA = true
        return personality
    }()
}
