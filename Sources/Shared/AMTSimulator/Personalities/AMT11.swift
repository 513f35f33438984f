extension Personality {
    /// AMT 11.8, of Skylake and Kaby Lake: no shared key any more, no SHA-1 roots, TLS as old as before.
    ///
    /// Server header, realm and 401 are those of a captured 11.8.50.3425; some builds say `AMT` alone, for which there is
    /// a switch. Source: network reference 1.3, 1.4, 1.5, 11.
    package static let amt11 = Personality(
        name: "11.8", version: "11.8.50", build: "3425", biosVersion: "SIMBIOS 1.0", sku: "16392",
        server: "Intel(R) Active Management Technology 11.8.50.3425",
        tls: TLSRange(lowest: .v10, highest: .v11, suites: staticRSA), realmIsSparse: true)
}
