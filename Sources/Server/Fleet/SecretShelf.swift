package import Vocabulary

/// A secret as the store holds it.
package struct SealedSecret: Hashable, Sendable {
    /// The store's number of it: rises, and is never used again.
    package var sequence: Int64
    package var machine: MachineID
    package var purpose: SecretPurpose
    package var sealed: [UInt8]

    package init(sequence: Int64, machine: MachineID, purpose: SecretPurpose, sealed: [UInt8]) {
        self.sequence = sequence
        self.machine = machine
        self.purpose = purpose
        self.sealed = sealed
    }
}

/// All the sealed secrets at once: for another master key, and for a recovery export.
package protocol SecretShelf: Sendable {
    /// Those of one machine, oldest first.
    func secrets(of machine: MachineID) async throws(Failure) -> [SealedSecret]

    /// At most `limit` of those that come after `sequence`, in that order.
    func secrets(after sequence: Int64, limit: Int) async throws(Failure) -> [SealedSecret]

    /// Puts other sealed values in the place of those with the same numbers, all or none; one that is gone stays gone.
    func replace(_ secrets: [SealedSecret]) async throws(Failure)

    /// How many secrets each key has sealed, by the key's identifier in hexadecimal.
    func secretsByKey() async throws(Failure) -> [String: Int]
}
