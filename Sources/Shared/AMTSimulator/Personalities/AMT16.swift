extension Personality {
    /// AMT 16.1 on Raptor Lake: TLS alone from the network, no SHA-1.
    ///
    /// TLS 1.2. Source: network reference 1.3, 11.
    package static let amt16: Personality = {
        var personality = Personality(
            name: "16.1", version: "16.1.25", build: "1424", biosVersion: "SIMBIOS 1.0", sku: "16392",
            server: "Intel(R) Active Management Technology 16.1.25.1424")
        personality.traits.lowestTLS = .v12
        personality.traits.hasPlainPort = false
        personality.traits.tellsNonSecureConnections = true
        personality.traits.refusesSHA1 = true
        return personality
    }()
}
