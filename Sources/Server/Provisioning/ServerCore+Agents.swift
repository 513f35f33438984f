import Certificates
import Fleet
import Foundation
import Jobs
package import Vocabulary
package import Wire

extension ServerCore {
    /// Whether a machine may have a name later on, by policy and by what other machines are called.
    ///
    /// Who asks is a build that begins; of the name nothing is kept.
    ///
    /// - Throws: ``Failure``, as ``take(_:)`` does for the same name.
    package func take(_ expectation: Expectation) async throws(Failure) {
        try policy.check(expectation.name)
        try await checkFree(expectation.name, for: expectation.machine)
        try await noteBuild(of: expectation.machine)
    }

    /// Takes what was found on a machine's disks.
    package func take(_ inspection: Inspection) async throws(Failure) {
        guard let disks = PriorInstall(rawValue: inspection.verdict) else {
            throw Failure(
                .serverRefused, "this server knows no verdict '\(inspection.verdict.prefix(40))'",
                hint: "Update the older of agent and server.")
        }
        try await take(disks: disks, of: inspection.machine)
    }

    /// Decides on what an agent saw.
    ///
    /// - Throws: ``Failure``: a machine without a record, a firmware that is not provisioned, a name that policy forbids
    ///   or that another machine has.
    package func take(_ report: Report, from address: String? = nil) async throws(Failure) -> Directive {
        guard !report.machine.isBogus else { throw Self.bogus(report.machine) }
        if let directive = try await provisioningFirst(report) { return directive }
        guard let record = try await store.device(report.machine) else { throw Self.unknown(report.machine) }
        try Self.requireUse(of: record)
        try await note(address, of: record)
        if record.stage == .held {
            return Directive(verdict: .held, message: record.note ?? "a person must decide")
        }
        guard let firmware = record.firmware, report.provisioningState == .post else {
            throw Failure(
                .firmwareStateUnexpected,
                "the firmware of \(report.machine) is not provisioned (it says: \(report.provisioningState))",
                hint: "Wait for its provisioning: `namesake-server devices show \(report.machine)`.")
        }
        try policy.check(report.osName)
        try await checkFree(report.osName, for: report.machine)
        if let running = try await unfinishedJob(of: report.machine) {
            guard let asked = try running.claim else {
                throw Failure(
                    .jobUnderWay, "job \(running.id) (\(running.kind.rawValue)) is under way",
                    hint: "Run sync again when it has ended.")
            }
            // An agent proves what it follows: it must never be led to prove another one's claim.
            guard asked.claim == report.osName else {
                throw Failure(
                    .jobUnderWay, "job \(running.id) is under way to name this machine '\(asked.claim)'",
                    hint: "Run sync again when it has ended; if nobody asked for that name, look at the job first.")
            }
            guard asked.agentKey == nil || asked.agentKey == report.agentKey else {
                throw Failure(
                    .jobUnderWay, "job \(running.id) was asked for by an agent with another key",
                    hint: "Run sync again when it has ended; if nobody else ran it, look at the job first.")
            }
            return try await directive(for: running, "job \(running.id) is under way")
        }
        let inFirmware = report.firmwareName.flatMap { try? Hostname($0) }
        if firmware.name == report.osName, inFirmware == report.osName {
            return Directive(verdict: .inSync, message: "'\(report.osName)' is the name everywhere")
        }
        if let held = try await heldClaim(of: report.machine) {
            return Directive(
                verdict: .held,
                message: "job \(held.id) waits for a person: \(held.failure?.message ?? "a person must decide")")
        }
        return try await beginRename(report, of: record)
    }

    /// Keeps the address that an agent spoke from, where its firmware may be too; a job looks whether it is.
    ///
    /// A firmware in set-up says by its hellos where it is; one that is managed says nothing, and may be so by a commit
    /// that no job has been able to prove yet.
    private func note(_ address: String?, of record: DeviceRecord) async throws(Failure) {
        guard let address, address != record.address, address != record.movedTo else { return }
        if record.firmware == nil {
            guard let last = try await store.jobs(of: record.machine).last,
                try await store.events(of: last.id).contains(.began(CommitStep.name))
            else { return }
        }
        _ = try await store.change(record.machine) { (record: inout DeviceRecord?) in record?.movedTo = address }
    }

    /// What an agent is told that may start the provisioning: to do so, or to wait for its end.
    ///
    /// The firmware's hello decides about the rest, as if it had come by itself; the name is checked before that.
    private func provisioningFirst(_ report: Report) async throws(Failure) -> Directive? {
        guard report.offersStartConfiguration == true else { return nil }
        switch report.provisioningState {
        case .pre:
            try policy.check(report.osName)
            return Directive(
                verdict: .provisioning, message: "the firmware shall ask for its provisioning",
                startConfiguration: StartOrder(otp: try await oneTimePassword(of: report.machine)?.revealedText))
        case .in: return Directive(verdict: .provisioning, message: "the firmware is being provisioned")
        default: return nil
        }
    }

    /// The same again for an agent that asks again: the firmware may hold it already.
    private func oneTimePassword(of machine: MachineID) async throws(Failure) -> Secret? {
        guard let vault else { return nil }
        return try await vault.holds(.oneTimePassword, of: machine)
            ? try await vault.secret(.oneTimePassword, of: machine)
            : try await vault.writeAhead(.oneTimePassword, of: machine, now: clock())
    }

    private func beginRename(_ report: Report, of record: DeviceRecord) async throws(Failure) -> Directive {
        let nonce = try randomBytes(15).hexadecimal
        let echo: Hostname
        do { echo = try Hostname("nsk-\(nonce).\(domain)") } catch {
            throw Failure(.nameInvalid, "no echo name in \(domain): \(error)")
        }
        let now = clock()
        let (kind, why) = routes.choose(for: record, now: now)
        let job = try await store.enqueue(
            kind, for: report.machine,
            parameters: try encoded(
                RenameParameters(
                    claim: report.osName, echo: echo, why: why, agentKey: report.agentKey,
                    boardNonce: asksBoards ? base64(try randomBytes(20)) : nil)), now: now,
            due: now + Self.echoPatience)
        try await withdrawIfLater(job, claiming: report.osName)
        ring()
        return try await directive(for: job, "rename to '\(report.osName)' begun (\(kind.rawValue): \(why))")
    }

    func unfinishedJob(of machine: MachineID) async throws(Failure) -> JobRecord? {
        try await store.unfinishedJobs(of: machine).last
    }

    private func directive(for job: JobRecord, _ message: String) async throws(Failure) -> Directive {
        Directive(
            verdict: .follow, message: message, job: "\(job.id)", echo: try await echo(of: job),
            board: try await challenge(of: job))
    }

    private func echo(of job: JobRecord) async throws(Failure) -> HostNameEcho? {
        guard let echo = try job.claim?.echo else { return nil }
        let events = try await store.events(of: job.id)
        let seen = events.contains { if case .succeeded(RenameJob.echoStep, _) = $0 { true } else { false } }
        return HostNameEcho(name: echo, seen: seen || job.state.isFinal, missed: missedEchoes(in: events))
    }

    /// How far a job is.
    package func progress(of text: String) async throws(Failure) -> JobProgress? {
        guard let id = JobID(text), let job = try await store.job(id) else { return nil }
        let events = try await store.events(of: id)
        let names = JobKinds.steps(of: job.kind)
        let states = names.map { name in
            JobProgress.Step(name: name.rawValue, state: Self.state(of: name, in: events))
        }
        return JobProgress(
            job: text, kind: job.kind.rawValue,
            state: JobProgress.State(rawValue: job.state.rawValue) ?? .running, steps: states,
            echo: try await echo(of: job),
            message: job.failure.map { "\($0.code.rawValue): \($0.message)" } ?? job.state.rawValue,
            hint: job.failure?.hint, board: try await challenge(of: job))
    }

    private static func state(of step: StepName, in events: [JobEvent]) -> String {
        var state = "pending"
        for event in events {
            switch event {
            case .began(step): state = "running"
            case .succeeded(step, _): state = "done"
            case .failed(step, let failure): state = [.wait, .hold].contains(failure.remedy) ? "waiting" : "failed"
            default: break
            }
        }
        return state
    }

    package func echoWritten(_ job: String) async throws(Failure) -> Bool { try await take(.echoWritten, job) }
    package func echoRestored(_ job: String) async throws(Failure) -> Bool { try await take(.echoRestored, job) }

    private func take(_ signal: JobSignal, _ text: String) async throws(Failure) -> Bool {
        guard let id = JobID(text), try await store.job(id) != nil else { return false }
        try await store.signal(signal, to: id)
        try await store.hasten(id, now: clock())
        board.post(id)
        ring()
        return true
    }
}
