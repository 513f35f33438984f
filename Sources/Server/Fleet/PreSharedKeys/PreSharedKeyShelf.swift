package import Vocabulary

/// What the store knows of a key, besides the key.
package struct KeptPreSharedKey: Hashable, Codable, Sendable {
    /// Without its hyphen.
    package var pid: String
    /// Seconds since 1970.
    package var added: Double
    /// Where it came from, for people.
    package var note: String
    /// The machine that it has set up: no other one may be set up with it.
    package var machine: MachineID?
    /// When it first did, seconds since 1970.
    package var used: Double?

    package init(pid: String, added: Double, note: String, machine: MachineID? = nil, used: Double? = nil) {
        self.pid = pid
        self.added = added
        self.note = note
        self.machine = machine
        self.used = used
    }

    /// Takes the key for a machine.
    ///
    /// Partial unprovisioning leaves PID and PPS in the firmware: the same machine is set up with them again, another one
    /// never. Source of that: network reference 3.6.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/preSharedKeyTaken``.
    package mutating func use(by machine: MachineID, now: Double) throws(Failure) {
        try requireFree(for: machine)
        guard self.machine == nil else { return }
        self.machine = machine
        used = now
    }

    /// Throws for a key that another machine has.
    package func requireFree(for machine: MachineID) throws(Failure) {
        guard let taken = self.machine, taken != machine else { return }
        throw Self.taken(pid, by: taken, not: machine)
    }

    /// Throws for a key that a machine has: it may need it again.
    package func requireUnused() throws(Failure) {
        guard let machine else { return }
        throw Failure(
            .preSharedKeyTaken, "the pre-shared key \(PreSharedKey.written(pid)) has set up \(machine), which keeps it",
            hint: "It stays in the list, so that no other machine is set up with it.")
    }

    package static func duplicates(_ pids: [String]) -> Failure {
        let names = pids.prefix(5).map(PreSharedKey.written).joined(separator: ", ")
        return Failure(
            .preSharedKeyDuplicate,
            "\(pids.count) of the keys are there already: \(names)" + (pids.count > 5 ? " and others" : ""),
            hint:
                "Nothing was taken. Take these out of the file, or `namesake-server psk remove PID` what is wrong here."
        )
    }

    package static func taken(_ pid: String, by taken: MachineID, not machine: MachineID) -> Failure {
        Failure(
            .preSharedKeyTaken,
            "the pre-shared key \(PreSharedKey.written(pid)) has set up \(taken), and now \(machine) has it",
            hint:
                "A key is for one machine: enter another one in this machine's MEBx. Where its board was replaced and "
                + "the old one is gone, use a new key all the same: who holds the old board knows the old key.")
    }

    package static func unknown(_ pid: String) -> Failure {
        let isMistyped = (try? PreSharedKey.plain(pid: pid)) == nil
        return Failure(
            .preSharedKeyUnknown,
            "the pre-shared key \(PreSharedKey.written(pid)) is not in this server's list"
                + (isMistyped ? ", and its checksum is wrong" : ""),
            hint: "Take the list that it came with: `namesake-server psk import FILE`; the machine's next hello then "
                + "provisions it, or `namesake-server devices retry UUID` at once.")
    }
}

extension SecretPurpose {
    /// PPS and password of the key with this PID; kept under ``Vocabulary/MachineID/nobody``.
    package static func preSharedKey(_ pid: String) -> SecretPurpose { .init(rawValue: "psk:\(pid)") }
}

/// Where pre-shared keys are kept, sealed, until their machines say hello and after.
package protocol PreSharedKeyShelf: Sendable {
    /// Adds keys with their sealed secrets, all or none.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/preSharedKeyDuplicate``, naming the PIDs that are there already.
    func add(_ keys: [(key: KeptPreSharedKey, sealed: [UInt8])]) async throws(Failure)

    /// All of them, oldest first.
    func preSharedKeys() async throws(Failure) -> [KeptPreSharedKey]

    func preSharedKey(_ pid: String) async throws(Failure) -> KeptPreSharedKey?

    /// Takes the key for a machine, as one transaction: of two machines with one key the first one has it.
    func use(preSharedKey pid: String, by machine: MachineID, now: Double) async throws(Failure)

    /// Forgets a key that no machine has used, and its secret.
    ///
    /// - Throws: ``Failure``: none of that PID, or one that is in use.
    func remove(preSharedKey pid: String) async throws(Failure)
}
