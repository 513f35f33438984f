import AMTOperations
import Fleet
import Jobs
import Vocabulary
import WSMan

extension FirmwareContext {
    /// Follows a machine in set-up to where its hello came from, when the same UUID answers there.
    ///
    /// A managed one is followed by its connection, which asks there when nothing could be sent where it was: the pinned
    /// key proves it. In set-up the UUID is all that there is.
    func followHello(_ ledger: JobLedger) async throws(Failure) {
        guard place(ledger) == .setUp, let moved = try await record().movedTo else { return }
        try await openSetUp(ledger, at: moved)
        let isThere: Bool
        do { isThere = try await session.perform(AMT.SetupAndConfigurationService.GetUuid()) == machine } catch {
            switch error {
            case .notSent, .unreachable: return  // it may come up yet
            default: isThere = false
            }
        }
        try await settle(moved, isThere: isThere)
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
