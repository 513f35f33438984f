import Jobs
import Synchronization
import Vocabulary

/// Tells a step that waits in this process that word for its job has arrived in the store.
package final class SignalBoard: Sendable {
    private let waiting = Mutex<[JobID: [AsyncStream<Void>.Continuation]]>([:])

    private let cancelled = Mutex<Set<JobID>>([])

    package init() {}

    /// Lets a job of this process pause before its next step; what to do then is in its journal.
    func interrupt(_ job: JobID) {
        cancelled.withLock { _ = $0.insert(job) }
        post(job)
    }

    func isInterrupted(_ job: JobID) -> Bool { cancelled.withLock { $0.contains(job) } }

    /// - Returns: Whether the job was to pause.
    func resume(_ job: JobID) -> Bool { cancelled.withLock { $0.remove(job) != nil } }

    func post(_ job: JobID) {
        for continuation in waiting.withLock({ $0.removeValue(forKey: job) ?? [] }) { continuation.finish() }
    }

    /// Waits until `isThere` is true, looking again at each post, for at most `patience`.
    ///
    /// - Returns: Whether it came true.
    func wait(
        for job: JobID, atMost patience: Duration, until isThere: @Sendable () async throws(Failure) -> Bool
    ) async throws(Failure) -> Bool {
        let deadline = ContinuousClock.now + patience
        while true {
            let (posts, continuation) = AsyncStream<Void>.makeStream()
            // Listening before looking, so that word that comes in between is not missed.
            waiting.withLock { $0[job, default: []].append(continuation) }
            if try await isThere() { return true }
            guard ContinuousClock.now < deadline, !isInterrupted(job) else { return false }
            let alarm = Task {
                try? await Task.sleep(until: deadline)
                continuation.finish()
            }
            for await _ in posts {}
            alarm.cancel()
            if Task.isCancelled { return false }
        }
    }
}
