extension Personality {
    /// AMT 9.1, the last generations with a shared key; WS-Management only, SOAP of old is gone.
    ///
    /// The digest realm with zeros and the server header's form are of a real 9.1.34. Source: network reference 1.3, 1.4,
    /// 1.5, 3.3, 11.
    package static let amt9 = Personality(
        name: "9.1", version: "9.1.34", build: "1006", biosVersion: "SIMBIOS 1.0", sku: "16392",
        server: "Intel(R) Active Management Technology 9.1.34",
        tls: TLSRange(lowest: .v10, highest: .v11, suites: staticRSA), rootHashes: [.sha1, .sha256],
        takesSharedKey: true, realmIsSparse: true)
}
