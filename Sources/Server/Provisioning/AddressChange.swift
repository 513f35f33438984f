package import Fleet
import Jobs
package import Vocabulary
import WSMan

extension ServerCore {
    /// Takes a person's word for where a machine is by now, as that of its hello or its agent is taken: the record has the
    /// address once the pinned key, or in set-up the UUID, is found there.
    ///
    /// For a managed machine that moved for good and has no agent: its firmware says no hello.
    package func heard(_ machine: MachineID, at address: String) async throws(Failure) -> DeviceRecord {
        let parts = address.split(separator: ".", omittingEmptySubsequences: false)
        guard
            (parts.count == 4 && parts.allSatisfy { $0.allSatisfy(\.isNumber) && UInt8($0) != nil })
                || (address.contains(":") && address.allSatisfy { $0.isHexDigit || ":.".contains($0) })
        else {
            throw Failure(.serverRefused, "'\(address.prefix(64))' is no IP address", hint: "Names are not looked up.")
        }
        guard let known = try await store.device(machine) else { throw Self.unknown(machine) }
        try Self.requireUse(of: known)
        let record = try await store.change(machine) { (record: inout DeviceRecord?) in
            let isThere = record?.address == address
            record?.movedTo = isThere ? nil : address
        }
        guard let record else { throw Self.unknown(machine) }
        if let job = try await unfinishedJob(of: machine) { try await store.hasten(job.id, now: clock()) }
        ring()
        return record
    }
}

extension FirmwareContext {
    /// Follows a machine in set-up to where its hello came from, when the same UUID answers there.
    ///
    /// A managed one is followed by its connection, which asks there when nothing could be sent where it was: the pinned
    /// key proves it. In set-up the UUID is all that there is.
    func followHello(_ ledger: JobLedger) async throws(Failure) {
        if place(ledger) == .setUp { _ = try await followInSetUp(ledger) }
    }

    /// - Returns: Whether the machine is there.
    func followInSetUp(_ ledger: JobLedger) async throws(Failure) -> Bool {
        guard let moved = try await record().movedTo else { return false }
        try await openSetUp(ledger, at: moved)
        var isThere = true
        do { try await connection.proveMachine() } catch {
            switch error {
            case .notSent, .unreachable: return false  // it may come up yet
            default: isThere = false
            }
        }
        try await settle(moved, isThere: isThere)
        return isThere
    }

    /// Makes the address of a firmware that was found elsewhere the record's.
    func keepAddress() async throws(Failure) {
        guard let moved = await connection.followed else { return }
        try await settle(moved, isThere: true)
    }

    private func settle(_ moved: String, isThere: Bool) async throws(Failure) {
        _ = try await store.change(machine) { (record: inout DeviceRecord?) in
            guard record?.movedTo == moved else { return }
            record?.movedTo = nil
            if isThere { record?.address = moved }
        }
    }
}
