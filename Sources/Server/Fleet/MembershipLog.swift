package import Vocabulary

/// A machine went from one collection to another.
///
/// Written with the record's change, in one transaction.
package struct MembershipChange: Hashable, Codable, Sendable {
    /// Rises, and is never used again: the order in which things happened.
    package var sequence: Int64
    package var machine: MachineID
    /// What the record called the machine then.
    package var name: String
    package var address: String
    /// `nil` for a new record.
    package var from: Collection?
    /// `nil` for a record that was retired.
    package var to: Collection?
    /// Seconds since 1970.
    package var at: Double

    package init(
        sequence: Int64, machine: MachineID, name: String, address: String, from: Collection?, to: Collection?,
        at: Double
    ) {
        self.sequence = sequence
        self.machine = machine
        self.name = name
        self.address = address
        self.from = from
        self.to = to
        self.at = at
    }
}

/// How far one reader of the changes is.
package struct ReaderState: Hashable, Codable, Sendable {
    package var name: String
    /// The last change that it has taken.
    package var taken: Int64
    /// How often the next one was tried in vain.
    package var tries = 0
    /// Not before then, seconds since 1970.
    package var nextTry = 0.0
    /// Why the last try was in vain.
    package var problem: String?

    package init(name: String, taken: Int64) {
        self.name = name
        self.taken = taken
    }
}

/// The changes of membership, for readers that each take them in order, one by one.
package protocol MembershipLog: Sendable {
    /// Those after a sequence number, oldest first.
    func changes(after sequence: Int64, limit: Int) async throws(Failure) -> [MembershipChange]

    /// A reader's state; one that is new begins with the next change.
    func reader(_ name: String) async throws(Failure) -> ReaderState
    func readers() async throws(Failure) -> [ReaderState]
    func keep(_ reader: ReaderState) async throws(Failure)
}
