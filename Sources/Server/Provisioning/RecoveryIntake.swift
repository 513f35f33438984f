import Fleet
package import Vocabulary

extension Vault {
    /// Takes in what a recovery export knows of a machine: for a store that was put back to before it was made.
    ///
    /// The record is what it was then: key, name and password are proved or noted ahead in it. What its job did after is
    /// not known: the account is looked for by the sweep that is due at once, and the next job removes leftovers.
    ///
    /// - Throws: ``Failure``: the ring does not open it, it is damaged, or the store fails.
    package func takeIn(_ recovery: SealedRecovery, now: Double) async throws(Failure) {
        let machine = recovery.machine
        let export = try recovery.open(with: ring)
        var held: [String: [Secret]] = [:]
        for (purpose, secret) in try await secrets(of: machine) { held[purpose.rawValue, default: []].append(secret) }
        for kept in export.secrets {
            let (purpose, secret) = (SecretPurpose(rawValue: kept.purpose), Secret(kept.value))
            // Pre-shared keys are not a machine's own, and have a list of theirs.
            guard Self.ownPurposes.contains(where: { kept.purpose.hasPrefix($0) }),
                held[kept.purpose]?.last != secret
            else { continue }
            try await keep(secret, as: purpose, of: machine, now: now)
        }
        guard var record = export.record else { return }
        if let ends = record.firmware?.account?.ends { record.firmware?.account?.ends = min(ends, now) }
        if record.firmware != nil { record.firmware?.mayHoldLeftovers = true }
        record.note = "as its recovery export before \(recovery.before) knows it, taken in when the store was restored"
        _ = try await change(machine) { [record] (known: inout DeviceRecord?) in known = record }
    }

    private static let ownPurposes = ["admin-password", "mebx-password", "account:", "user:", "firmware-key"]
}
