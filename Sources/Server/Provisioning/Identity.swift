import Certificates
package import Fleet
package import Jobs
package import Vocabulary

/// All that the server knows of one machine, without secrets.
package struct DeviceExport: Codable, Sendable {
    package var record: DeviceRecord
    package var jobs: [JobPage]
}

extension ServerCore {
    /// Takes a machine out of use: its name is free, its certificate taken back, its record and its secrets are kept.
    ///
    /// - Parameters:
    ///   - machine: Which one.
    ///   - successor: The machine that has its place now, where its board was swapped.
    /// - Returns: Its record as it is then.
    /// - Throws: ``Failure``: a job under way, no such record, or one that is retired already.
    package func retire(_ machine: MachineID, replacedBy successor: MachineID? = nil) async throws(Failure)
        -> DeviceRecord
    {
        // One that waits, for a machine that may never come back, ends with its next attempt.
        let waiting = try await unfinishedJob(of: machine)
        if waiting?.state != .waiting { try await requireRest(of: machine) }
        if let successor {
            guard successor != machine, let other = try await store.device(successor), other.stage != .retired else {
                throw Failure(
                    .machineUnknown, "\(successor) has no record that could take the place of \(machine)",
                    hint: "Let the new board's firmware say hello first.")
            }
        }
        let now = clock()
        let retired = try await store.change(machine) { (record: inout DeviceRecord?) throws(Failure) in
            guard record?.stage != .retired else {
                throw Failure(.firmwareStateUnexpected, "\(machine) is retired already")
            }
            record?.note = successor.map { "replaced by \($0)" }
            record?.replacedBy = successor
            record?.stage = .retired
        }
        guard let retired else { throw Self.unknown(machine) }
        try await takeBack(retired.firmware, because: .cessationOfOperation, now: now)
        if let waiting { try await store.hasten(waiting.id, now: now) }
        ring()
        return retired
    }

    /// Provisions a machine again that was provisioned before: after its firmware was unprovisioned, or its retirement.
    ///
    /// The record is the same one; what it was called stays in its history.
    package func readmit(_ machine: MachineID) async throws(Failure) -> JobRecord {
        try await requireRest(of: machine)
        guard let known = try await store.device(machine) else { throw Self.unknown(machine) }
        guard known.stage == .held || known.stage == .retired else {
            throw Failure(
                .firmwareStateUnexpected, "\(machine) is \(known.stage.rawValue), neither held nor retired",
                hint: "Its firmware says hello when it was unprovisioned, and its record is held then.")
        }
        let name: Hostname
        do { name = try Hostname("\(known.temporaryHostname).\(domain)") } catch {
            throw Failure(.nameInvalid, "no temporary name in domain \(domain): \(error)")
        }
        let now = clock()
        _ = try await store.change(machine) { (record: inout DeviceRecord?) in record?.readmit(as: name, now: now) }
        try await takeBack(known.firmware, because: .superseded, now: now)
        let job = try await store.enqueue(
            .provision, for: machine, parameters: try encoded(ProvisionParameters(name: name)), now: now, due: now)
        ring()
        return job
    }

    package func export(_ machine: MachineID) async throws(Failure) -> DeviceExport {
        guard let record = try await store.device(machine) else { throw Self.unknown(machine) }
        var pages: [JobPage] = []
        for job in try await store.jobs(of: machine) { pages.append(try await page(of: job)) }
        return DeviceExport(record: record, jobs: pages)
    }

    private func takeBack(
        _ firmware: ProvisionedFirmware?, because reason: RevocationReason, now: Double
    ) async throws(Failure) {
        guard let authority, let pem = firmware?.certificate, let former = try Certificate.all(pem: pem).first else {
            return
        }
        try await authority.revoke(former, because: reason, now: now)
    }

    private func requireRest(of machine: MachineID) async throws(Failure) {
        guard let running = try await unfinishedJob(of: machine) else { return }
        throw Failure(
            .jobUnderWay, "job \(running.id) (\(running.kind.rawValue)) of this machine is under way",
            hint: "`namesake-server jobs show \(running.id)` shows how far it is.")
    }

    /// Throws for a machine that is out of use.
    static func requireUse(of record: DeviceRecord) throws(Failure) {
        guard record.stage == .retired else { return }
        throw Failure(
            .firmwareStateUnexpected, "\(record.machine) is retired",
            hint: "`namesake-server devices readmit \(record.machine)` takes it back into use.")
    }

    /// Verbs: `devices UUID retire [SUCCESSOR]`, `devices UUID readmit`, `devices UUID forget-agent`, `devices UUID moved ADDRESS`,
    /// `devices UUID export`; `nil` for others.
    func identity(_ machine: MachineID, _ words: [String]) async throws(Failure) -> [UInt8]? {
        switch words.first {
        case "retire":
            let successor = words.dropFirst().first.flatMap { MachineID($0) }
            guard words.count == 1 || successor != nil else {
                throw Failure(.machineUnknown, "'\(words[1].prefix(64))' is no UUID")
            }
            return Array(try encoded(try await retire(machine, replacedBy: successor)).utf8)
        case "readmit": return Array(try encoded(try await readmit(machine)).utf8)
        case "forget-agent": return Array(try encoded(try await forgetAgent(of: machine)).utf8)
        case "moved":
            guard words.count == 2 else { throw Failure(.serverRefused, "`devices UUID moved` wants one address") }
            return Array(try encoded(try await heard(machine, at: words[1])).utf8)
        case "export": return Array(try encoded(try await export(machine)).utf8)
        default: return nil
        }
    }
}
