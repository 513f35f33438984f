import Certificates
import Fleet
import Jobs
import Vocabulary

/// Which claims of a name need a person's yes.
package enum Approval: String, Codable, Sendable {
    /// None: a claim that is proved goes on, one that is not fails.
    case none
    /// Those that the machine's firmware does not prove.
    case unproved
    /// Every one, after its proof.
    case every
}

extension ServerCore {
    static func bogus(_ machine: MachineID) -> Failure {
        Failure(
            .machineIDBogus, "the UUID \(machine) is one that many machines share",
            hint: "Have the board's maker's tool write a UUID of its own into SMBIOS, then power-cycle the machine.")
    }

    /// Throws where another live machine has the name, or an unfinished job is about to give it to one.
    func checkFree(_ name: Hostname, for machine: MachineID) async throws(Failure) {
        var other = try await store.holder(of: name, otherThan: machine)
        if other == nil { other = try await claims(of: name).first { $0.machine != machine }?.machine }
        if let other { throw Self.taken(name, by: other) }
    }

    private static func taken(_ name: Hostname, by other: MachineID) -> Failure {
        Failure(
            .nameTaken, "'\(name)' belongs to machine \(other)",
            hint: "Rename this machine, or retire the other one's record.")
    }

    /// The unfinished jobs that would give a machine the name, oldest first.
    private func claims(of name: Hostname) async throws(Failure) -> [JobRecord] {
        var found: [JobRecord] = []
        for job in try await store.unfinishedJobs(claiming: name) where try job.claim?.claim == name {
            found.append(job)
        }
        return found
    }

    /// Ends a job that has just been added where an older one of another machine wants the same name.
    ///
    /// Two machines may claim one name at the same moment; both see both jobs here, and the older one stands.
    func withdrawIfLater(_ job: JobRecord, claiming name: Hostname) async throws(Failure) {
        guard let first = try await claims(of: name).first, first.id.number < job.id.number,
            first.machine != job.machine
        else { return }
        let failure = Self.taken(name, by: first.machine)
        try await store.settle(job.id, .failed(failure), now: clock())
        throw failure
    }

    /// The job of a machine's claim that waits for a person, if its last claim does.
    func heldClaim(of machine: MachineID) async throws(Failure) -> JobRecord? {
        let last = try await store.jobs(of: machine).last { [JobKind.rename, .reprovision].contains($0.kind) }
        return last?.state == .held ? last : nil
    }

    /// Writes down what a person decided on a held job, and lets it go on, to its end or to what it owes.
    func decide(_ job: JobRecord, approved: Bool, reason: String) async throws(Failure) -> JobRecord {
        guard job.state == .held else {
            throw Failure(
                .firmwareStateUnexpected, "job \(job.id) is \(job.state.rawValue), not held",
                hint: "`namesake-server jobs list` shows which jobs are.")
        }
        if let other = try await unfinishedJob(of: job.machine) {
            throw Failure(
                .jobUnderWay, "job \(other.id) of this machine is under way",
                hint: "Decide again when it has ended.")
        }
        if approved, let claim = try job.claim?.claim { try await checkFree(claim, for: job.machine) }
        try await store.append(.decided(approved: approved, reason: reason), to: job.id)
        let again = try await store.reopen(job.id, now: clock())
        ring()
        return again
    }

    /// How often the server has looked for an agent's echo and seen something else.
    func missedEchoes(in events: [JobEvent]) -> Int {
        events.count {
            if case .failed(RenameJob.echoStep, let failure) = $0 { failure.code == .claimNotProved } else { false }
        }
    }
}
