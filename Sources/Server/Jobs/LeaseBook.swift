import Synchronization

/// For how long a server may work at a job without having heard of the store again.
package struct Lease: Hashable, Sendable {
    /// One process of one server: what stands before the last `#` stays from start to start.
    package let worker: String
    package var seconds: Double

    /// - Parameters:
    ///   - place: What only one process at a time serves; a later one takes up what this one leaves.
    ///   - token: Tells this process from earlier ones.
    ///   - seconds: How long a lease is.
    package init(place: String, token: String, seconds: Double = 30) {
        worker = "\(place)#\(token)"
        self.seconds = seconds
    }

    /// The head of `worker` that all processes of this place share.
    package var place: Substring { worker[...(worker.lastIndex(of: "#") ?? worker.startIndex)] }
}

/// What this process may still believe of its leases, by a clock that goes on while the process is stopped.
///
/// Asked before each request: a process that was held up for longer than its lease finds that out before it speaks to a
/// firmware, which another server may have begun to work at.
package final class LeaseBook: Sendable {
    private struct Entry {
        var claimed: ContinuousClock.Instant
        var ends: ContinuousClock.Instant
    }

    private let entries = Mutex<[JobID: Entry]>([:])
    private let length: Duration

    /// - Parameter seconds: As the store's leases.
    package init(seconds: Double) { length = .seconds(seconds) }

    /// A job was claimed; `moment` is from before the store was asked.
    package func claimed(_ job: JobID, at moment: ContinuousClock.Instant) {
        entries.withLock { $0[job] = Entry(claimed: moment, ends: moment + length) }
    }

    /// The store has renewed these and no others; `moment` is from before it was asked.
    package func renewed(_ jobs: Set<JobID>, at moment: ContinuousClock.Instant) {
        entries.withLock { entries in
            for (job, entry) in entries {
                if jobs.contains(job) {
                    entries[job]?.ends = max(entry.ends, moment + length)
                } else if entry.claimed < moment {
                    entries[job] = nil
                }
            }
        }
    }

    package func ended(_ job: JobID) { entries.withLock { $0[job] = nil } }

    package func holds(_ job: JobID) -> Bool {
        entries.withLock { $0[job].map { ContinuousClock.now < $0.ends } ?? false }
    }
}
