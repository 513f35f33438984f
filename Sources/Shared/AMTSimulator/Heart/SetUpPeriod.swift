/// What is there when set-up begins, and comes back when the power goes before a commit.
struct Settled: Codable, Sendable {
    var names: SimulatedFirmware.Names
    var accounts: Accounts
}

extension SimulatedFirmware {
    /// How long set-up stays open when it is not the first time, in seconds.
    ///
    /// Source: network reference 2.3.
    private static let laterPeriod = 6 * 3600.0

    /// Whether set-up was begun and has closed since, because nobody came.
    var isSetUpOver: Bool { provisioningState == .in && setUpEnds.map { now >= $0 } == true }

    /// Opens set-up anew, for six hours, and with it the hellos.
    mutating func openSetUp() {
        provisioningState = .in
        setUpPeriods += 1
        setUpEnds = now + Self.laterPeriod
    }

    /// Closes set-up without a commit: what it began with stays, that a shared key does is inferred.
    mutating func stopSetUp() {
        let kept = (settled, sharedKey)
        unprovision(partially: false)
        (settled, sharedKey) = kept
        forgetSetUp()
    }

    /// Takes names and accounts as those that set-up begins with.
    mutating func settle() { settled = Settled(names: names, accounts: accounts) }

    /// Undoes what set-up wrote.
    mutating func forgetSetUp() {
        store = KeyStore()
        if let settled {
            names = settled.names
            accounts = settled.accounts
        } else {
            names = Names(personality)
            accounts.forgetAllButSystem()
        }
    }
}
