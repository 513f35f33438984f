package import Vocabulary

/// Where device records and their sealed secrets are kept.
package protocol DeviceStore: Sendable {
    func device(_ machine: MachineID) async throws(Failure) -> DeviceRecord?
    func devices() async throws(Failure) -> [DeviceRecord]

    /// At most `limit` records by the order of their UUIDs, those after one machine's, or with `nil` from the first.
    func devices(after machine: MachineID?, limit: Int) async throws(Failure) -> [DeviceRecord]

    /// The same as the store has them, JSON.
    func deviceTexts(after machine: MachineID?, limit: Int) async throws(Failure) -> [String]

    /// Reads, changes and writes one record as one transaction.
    ///
    /// The body is given `nil` for a machine without a record, and leaves `nil` to make none.
    func change(
        _ machine: MachineID, _ body: @escaping @Sendable (inout DeviceRecord?) throws(Failure) -> Void
    ) async throws(Failure) -> DeviceRecord?

    /// The machine other than `machine` that has this name, if any.
    func holder(of name: Hostname, otherThan machine: MachineID) async throws(Failure) -> MachineID?

    /// Keeps a sealed secret; durable when it returns, so that firmware may learn of it next. Older ones stay.
    func keep(_ sealed: [UInt8], as purpose: SecretPurpose, of machine: MachineID, now: Double) async throws(Failure)

    /// All secrets kept for the purpose, newest first.
    func sealed(_ purpose: SecretPurpose, of machine: MachineID) async throws(Failure) -> [[UInt8]]

    /// Forgets all but the newest, or all.
    func forget(_ purpose: SecretPurpose, of machine: MachineID, keepingNewest: Bool) async throws(Failure)
}

extension DeviceStore {
    /// Every record in turn, a few hundred in memory at a time.
    package func forEachDevice(
        _ body: (DeviceRecord) async throws(Failure) -> Void
    ) async throws(Failure) {
        var last: MachineID?
        while true {
            let page = try await devices(after: last, limit: 500)
            for record in page { try await body(record) }
            guard page.count == 500, let end = page.last else { return }
            last = end.machine
        }
    }
}

/// A certificate of ours that was taken back.
package struct Revocation: Hashable, Codable, Sendable {
    /// Hexadecimal.
    package var serial: String
    /// By the number of RFC 5280, section 5.3.1.
    package var reason: Int
    /// Seconds since 1970.
    package var at: Double

    package init(serial: String, reason: Int, at: Double) {
        self.serial = serial
        self.reason = reason
        self.at = at
    }
}

/// Where it is kept what was taken back.
package protocol RevocationStore: Sendable {
    /// Keeps one; where the serial number is there already, the first one stands.
    func revoke(_ revocation: Revocation) async throws(Failure)
    func revocations() async throws(Failure) -> [Revocation]
}
