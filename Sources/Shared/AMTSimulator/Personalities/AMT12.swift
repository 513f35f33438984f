extension Personality {
    /// AMT 12.0.67, the generation of most captures.
    ///
    /// TLS 1.1 and 1.2, PKI set-up only, plain HTTP allowed until TLS forbids it. The string of the server header follows
    /// the pattern of captured 11.8 and 15.0 answers. Source: network reference 1.3, 1.4, 11; host reference 2.3.
    package static let amt12 = Personality(
        name: "12.0", version: "12.0.67", build: "1579", biosVersion: "SIMBIOS 1.0", sku: "16392",
        server: "Intel(R) Active Management Technology 12.0.67.1579")
}
