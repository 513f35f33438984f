extension Personality {
    /// AMT 19.0.5: TLS from the host too, no AdminSetup, and no commit on the factory's MEBx password.
    ///
    /// The version is one of a real machine. Whether port 16993 serves with a certificate of its own after set-up is
    /// documented up to the release before: a switch. Source: network reference 1.3, 3.4, 3.7, 11; host reference 2.3.
    package static let amt19 = {
        var personality = amt18
        personality.name = "19"
        personality.version = "19.0.5"
        personality.build = "2175"
        personality.server = "Intel(R) Active Management Technology 19.0.5.2175"
        personality.hasAdminSetup = false
        personality.needsTLSFromHost = true
        personality.needsMEBxPassword = true
        return personality
    }()
}
