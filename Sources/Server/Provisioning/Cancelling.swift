import Jobs
import Vocabulary

extension ServerCore {
    /// Ends a job before it has done what cannot be taken back, or one that has failed and waits to pay what it owes the
    /// machine; that is tried once more, and what an account is left of it ends within the hour.
    ///
    /// - Returns: The job as it is now; it ends as failed with ``Failure/Code/jobCancelled`` soon.
    /// - Throws: ``Failure`` with ``Failure/Code/jobUnderWay`` when it is too late, or the job has ended.
    func cancel(_ job: JobRecord, reason: String) async throws(Failure) -> JobRecord {
        guard !job.state.isFinal else {
            throw Failure(
                .jobUnderWay, "job \(job.id) is \(job.state.rawValue)",
                hint: job.state == .held ? "`namesake-server jobs reject \(job.id)` ends a held job." : nil)
        }
        try await requireReturn(of: job)
        try await store.append(.cancelled(reason: reason), to: job.id)
        // The step may have begun in between; the journal's order decides, here as for the job.
        try await requireReturn(of: job)
        try await store.hasten(job.id, now: clock())
        board.interrupt(job.id)
        ring()
        return try await store.job(job.id) ?? job
    }

    private func requireReturn(of job: JobRecord) async throws(Failure) {
        let machine = JobKinds.machine(of: job.kind, replaying: try await store.events(of: job.id))
        guard !machine.mayBeCancelled else { return }
        throw Failure(
            .jobUnderWay, "job \(job.id) has begun what cannot be taken back, and goes forward from there",
            hint: "Let it end; another rename gives the machine its former name again.")
    }
}
