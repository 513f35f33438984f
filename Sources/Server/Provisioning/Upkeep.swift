import Certificates
package import Fleet
package import Jobs
package import Vocabulary

/// What time alone makes due at a managed machine.
///
/// Computed from its record: no clock, no store, no firmware.
package enum Upkeep {
    package struct Duty: Hashable, Sendable {
        package var kind: JobKind
        /// When it became due, seconds since 1970.
        package var since: Double

        package init(kind: JobKind, since: Double) {
            self.kind = kind
            self.since = since
        }
    }

    /// How far apart the looks for unknown accounts are, in seconds.
    package static let sweepEvery = 30.0 * 86_400

    /// When a firmware's accounts are to be looked through next, seconds since 1970.
    package static func sweepDue(of firmware: ProvisionedFirmware) -> Double {
        min(
            firmware.account?.ends ?? .infinity, firmware.sweepDue ?? .infinity,
            (firmware.sweptAt ?? firmware.provedAt) + sweepEvery)
    }

    /// The duties of one machine, the account's removal first.
    ///
    /// - Throws: ``Failure`` when the record's certificate cannot be read.
    package static func duties(
        of record: DeviceRecord, renewBefore: Double, now: Double
    ) throws(Failure) -> [Duty] {
        guard record.stage == .managed, let firmware = record.firmware else { return [] }
        var duties: [Duty] = []
        let sweep = sweepDue(of: firmware)
        if sweep <= now { duties.append(Duty(kind: .sweep, since: sweep)) }
        if let certificate = try Certificate.all(pem: firmware.certificate).first {
            let due = Double(certificate.notAfter) - renewBefore
            if due <= now { duties.append(Duty(kind: .renew, since: due)) }
        }
        return duties
    }
}

extension ServerCore {
    /// Adds a job for each duty that is due at a machine without an unfinished job.
    ///
    /// A duty whose job failed is left to a person: a wrong password, say, is not tried again and again.
    ///
    /// - Returns: The jobs that were added.
    package func upkeep(renewBefore: Double) async throws(Failure) -> [JobRecord] {
        let now = clock()
        var (busy, failed): (Set<MachineID>, [MachineID: [JobKind: Double]]) = ([], [:])
        try await store.forEachJob { job in
            if !job.state.isFinal { busy.insert(job.machine) }
            if job.state == .failed { failed[job.machine, default: [:]][job.kind] = job.created }
        }
        var added: [JobRecord] = []
        try await store.forEachDevice { record throws(Failure) in
            guard !busy.contains(record.machine) else { return }
            let duties = try Upkeep.duties(of: record, renewBefore: renewBefore, now: now)
            let due = duties.first { $0.since > failed[record.machine]?[$0.kind] ?? -.infinity }
            guard let due else { return }
            added.append(try await store.enqueue(due.kind, for: record.machine, parameters: "{}", now: now, due: now))
        }
        if !added.isEmpty { ring() }
        return added
    }

    /// Begins one machine's upkeep because a person wants it.
    func beginUpkeep(_ kind: JobKind, of machine: MachineID) async throws(Failure) -> JobRecord {
        guard let record = try await store.device(machine) else { throw Self.unknown(machine) }
        try Self.requireUse(of: record)
        guard record.firmware != nil else {
            throw Failure(.firmwareStateUnexpected, "\(machine) is \(record.stage.rawValue), not managed")
        }
        if let running = try await unfinishedJob(of: machine) {
            throw Failure(
                .jobUnderWay, "job \(running.id) (\(running.kind.rawValue)) of this machine is under way",
                hint: "`namesake-server jobs show \(running.id)` shows how far it is.")
        }
        let now = clock()
        let job = try await store.enqueue(kind, for: machine, parameters: "{}", now: now, due: now)
        ring()
        return job
    }
}

/// One account of ours on a firmware, as far as the store knows.
package struct AccountLine: Hashable, Codable, Sendable {
    package var machine: MachineID
    package var firmware: Hostname
    package var account: String
    package var handle: UInt32?
    /// Seconds since 1970; `nil` for one that the firmware may not have.
    package var ends: Double?
    package var state: State

    package enum State: String, Hashable, Codable, Sendable {
        case good
        /// Past its end; the next sweep removes it.
        case ended
        /// The store holds a password for it, and its job has not said that the firmware has it.
        case written
    }
}

extension ServerCore {
    /// What exists where and until when.
    package func accounts() async throws(Failure) -> [AccountLine] {
        let now = clock()
        var lines: [AccountLine] = []
        try await store.forEachDevice { record throws(Failure) in
            let own = record.firmware?.account
            if let own {
                lines.append(
                    AccountLine(
                        machine: record.machine, firmware: record.firmware?.name ?? record.name, account: own.name,
                        handle: own.handle, ends: own.ends, state: own.ends <= now ? .ended : .good))
            }
            for name in Set(try await store.secrets(of: record.machine).compactMap(\.purpose.account)).sorted()
            where name != own?.name {
                lines.append(
                    AccountLine(
                        machine: record.machine, firmware: record.firmware?.name ?? record.name, account: name,
                        state: .written))
            }
        }
        return lines
    }

    /// Verbs: `accounts`, `accounts sweep UUID`.
    func accounts(_ words: [String]) async throws(Failure) -> [UInt8] {
        guard let verb = words.first else { return Array(try encoded(try await accounts()).utf8) }
        guard verb == "sweep", words.count == 2, let machine = MachineID(words[1]) else {
            throw Failure(.serverRefused, "no such verb: accounts \(words.joined(separator: " ").prefix(80))")
        }
        return Array(try encoded(try await beginUpkeep(.sweep, of: machine)).utf8)
    }
}
