extension Personality {
    /// AMT 18.0: as 16.1, and certificate requests are no more signed with SHA-1.
    ///
    /// Whether it speaks TLS 1.3 and still says hello is not known: both are switches.
    /// Source: network reference 1.3, 6.2, 11.
    package static let amt18 = {
        var personality = amt16
        personality.name = "18"
        personality.version = "18.0.5"
        personality.build = "2098"
        personality.server = "Intel(R) Active Management Technology 18.0.5.2098"
        personality.signsWithSHA1 = false
        return personality
    }()
}
