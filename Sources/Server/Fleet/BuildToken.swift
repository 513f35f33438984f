package import Vocabulary

/// What lets agents speak to this server for a while; kept without its text, which only the enrolment file has.
package struct BuildToken: Hashable, Codable, Sendable {
    /// The head of its SHA-256, 12 hexadecimal digits: enough to tell tokens apart, of no use to a thief.
    package var id: String
    /// What it is for, in the operator's words.
    package var note: String
    /// Seconds since 1970, as all times.
    package var created: Double
    package var ends: Double
    /// For how many machines it may speak; `nil` for any number.
    ///
    /// A machine counts once, however often its agent asks: a build that is interrupted asks again.
    package var uses: Int?
    /// The only machines that it may speak for; `nil` for any.
    package var scope: [MachineID]?
    package var revoked: Double?
    /// The machines with a record for which it has spoken.
    package var machines: [MachineID]

    package init(
        hash: [UInt8], note: String, created: Double, ends: Double, uses: Int? = nil, scope: [MachineID]? = nil,
        revoked: Double? = nil, machines: [MachineID] = []
    ) {
        id = Self.id(of: hash)
        self.note = note
        self.created = created
        self.ends = ends
        self.uses = uses
        self.scope = scope
        self.revoked = revoked
        self.machines = machines
    }

    package static func id(of hash: [UInt8]) -> String { hash.prefix(6).hexadecimal }

    /// Why it does not let its holder speak for the machine; `nil` when it does.
    ///
    /// `machine` is `nil` where no machine is spoken for.
    package func obstacle(for machine: MachineID?, now: Double) -> Failure? {
        if revoked != nil { return Self.refusal("was revoked") }
        guard now < ends else { return Self.refusal("has expired") }
        guard let machine else { return nil }
        if let scope, !scope.contains(machine) { return Self.refusal("is for other machines than \(machine)") }
        if let uses, !machines.contains(machine), machines.count >= uses {
            return Self.refusal("is used up: it has spoken for \(machines.count) of \(uses) machines")
        }
        return nil
    }

    package static func refusal(_ what: String) -> Failure {
        Failure(
            .tokenRefused, "the build token \(what)",
            hint: "Make a new enrolment file with `namesake-server tokens create` and put it on the machine.")
    }
}

/// Where build tokens are kept, by the SHA-256 of their text.
package protocol TokenStore: Sendable {
    func add(_ token: BuildToken, hash: [UInt8]) async throws(Failure)

    /// Looks a token up, and with `spends` notes that it has spoken for the machine, as one transaction.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/tokenRefused`` when it is unknown or may not speak for the machine.
    func admit(hash: [UInt8], for machine: MachineID?, spends: Bool, now: Double) async throws(Failure) -> BuildToken

    /// All of them, oldest first.
    func tokens() async throws(Failure) -> [BuildToken]

    /// Ends the token now.
    ///
    /// - Returns: The token as it is then, or `nil` when there is none of that identifier.
    func revoke(token id: String, now: Double) async throws(Failure) -> BuildToken?
}
