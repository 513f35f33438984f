import Fleet
package import Jobs
package import Vocabulary

extension ServerCore {
    /// Begins to make a firmware ours that another console provisioned.
    ///
    /// - Parameters:
    ///   - machine: Whose firmware.
    ///   - address: Where it is, an IP address.
    ///   - wanted: What a person told of it, the accepted key among it.
    ///   - allowsLegacyTLS: Whether TLS 1.0 and 1.1 will do with it, from now on.
    /// - Returns: The job.
    /// - Throws: ``Failure``: a bogus UUID, a name that is taken, a machine that has a firmware here already.
    package func adopt(
        _ machine: MachineID, at address: String, _ wanted: AdoptParameters, allowsLegacyTLS: Bool = false
    ) async throws(Failure) -> JobRecord {
        guard !machine.isBogus else { throw Self.bogus(machine) }
        if let running = try await unfinishedJob(of: machine) {
            throw Failure(.jobUnderWay, "job \(running.id) (\(running.kind.rawValue)) of this machine is under way")
        }
        try await checkFree(wanted.name, for: machine)
        let (label, now) = (temporaryHostname(for: machine), clock())
        _ = try await store.change(machine) { (record: inout DeviceRecord?) throws(Failure) in
            var known =
                record
                ?? DeviceRecord(
                    machine: machine, temporaryHostname: label, name: wanted.name, address: address, now: now)
            // A person has taken it out of use here, as where another console gave it another key.
            if known.stage == .retired { known.readmit(as: wanted.name, now: now) }
            guard known.firmware == nil else {
                throw Failure(
                    .firmwareStateUnexpected, "\(machine) is \(known.stage.rawValue) here, and has a firmware already",
                    hint: "`namesake-server devices show \(machine)` shows what is known of it. Where that does not "
                        + "hold any more, as after another console's work, `devices retire \(machine)` comes first.")
            }
            known.rename(to: wanted.name, now: now)
            known.address = address
            known.stage = .provisioning
            if allowsLegacyTLS { known.allowsLegacyTLS = true }
            record = known
        }
        let job = try await store.enqueue(
            .adopt, for: machine, parameters: try encoded(wanted), now: now, due: now)
        ring()
        return job
    }

    /// Verb: `devices UUID adopt ADDRESS NAME KEY kerberos|USER keep-admin|take-admin [legacy-tls]`; the user in
    /// hexadecimal.
    func adopt(_ machine: MachineID, _ words: [String]) async throws(Failure) -> [UInt8] {
        guard words.count == 5 || words.dropFirst(5) == ["legacy-tls"],
            let pin = bytes(hexadecimal: words[2]), pin.count == 32,
            let user = words[3] == "kerberos" ? [] : bytes(hexadecimal: words[3])
        else { throw Failure(.serverRefused, "no such verb: devices adopt \(words.joined(separator: " ").prefix(80))") }
        let name: Hostname
        do { name = try Hostname(words[1]) } catch { throw Failure(.nameInvalid, "\(error)") }
        let job = try await adopt(
            machine, at: words[0],
            AdoptParameters(
                name: name, pin: words[2], user: words[3] == "kerberos" ? nil : String(decoding: user, as: UTF8.self),
                takesAdmin: words[4] == "take-admin"), allowsLegacyTLS: words.count > 5)
        return Array(try encoded(job).utf8)
    }
}
