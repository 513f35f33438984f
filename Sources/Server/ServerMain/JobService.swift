import Jobs
import Logging
import Provisioning
import ServiceLifecycle
import Vocabulary

/// Rings when a job may have become due; many rings before an answer are one.
struct JobBell: Sendable {
    let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func ring() { continuation.yield() }
    func stop() { continuation.finish() }
}

/// Advances jobs that are due, until the server is told to stop.
///
/// A graceful stop lets the steps under way finish and be written down, and begins no other. A killed server leaves the
/// journal, which brings its jobs back at the next start.
struct JobService: Service {
    var core: ServerCore
    var workshop: Workshop
    var bell: JobBell
    var atOnce: Int
    var leases: LeaseBook
    var leaseSeconds: Double
    var logger: Logger

    func run() async throws {
        for job in try await core.store.recover(now: core.clock()) {
            logger.notice("job taken up again", metadata: ["job": "\(job)"])
        }
        bell.ring()
        let running = Count()
        var alarm = Double.infinity
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask {
                    do { try await keepLeases() } catch {
                        bell.stop()
                        throw error
                    }
                }
                for await _ in bell.rings {
                    while !Task.isShuttingDownGracefully, await running.isBelow(atOnce),
                        let job = try await claim()
                    {
                        await running.add(1)
                        group.addTask {
                            do { try await advance(job) } catch {
                                // The store failed. The group's body waits for the bell, which nobody might ring.
                                bell.stop()
                                throw error
                            }
                            await running.add(-1)
                            bell.ring()
                        }
                    }
                    // A job that is due now waits for one that runs, whose end rings.
                    let now = core.clock()
                    if alarm <= now { alarm = .infinity }
                    guard let due = try await core.store.nextDue(), due > now, due < alarm else { continue }
                    alarm = due
                    group.addTask {
                        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(due - now)) }
                        bell.ring()
                    }
                }
            }
        } onGracefulShutdown: {
            bell.stop()
        }
    }

    private func claim() async throws(Failure) -> JobRecord? {
        let moment = ContinuousClock.now
        guard let job = try await core.store.claim(now: core.clock()) else { return nil }
        leases.claimed(job.id, at: moment)
        return job
    }

    /// The heartbeat: three times in the length of a lease.
    private func keepLeases() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let moment = ContinuousClock.now
            leases.renewed(try await core.store.renewLeases(now: core.clock()), at: moment)
            // Another server tells nobody here that it has a job, whose lease may run out.
            bell.ring()
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(leaseSeconds / 3)) }
        }
    }

    private func advance(_ job: JobRecord) async throws {
        logger.info(
            "job begins", metadata: ["job": "\(job.id)", "kind": "\(job.kind.rawValue)", "machine": "\(job.machine)"])
        defer { leases.ended(job.id) }
        let outcome: JobMachine.Outcome?
        do throws(Failure) {
            outcome = try await workshop.advance(job, while: { !Task.isShuttingDownGracefully })
            if let outcome { try await core.settle(job, outcome) }
        } catch {
            guard error.code == .leaseLost else { throw error }
            logger.warning("job lost to another server", metadata: ["job": "\(job.id)", "failure": "\(error)"])
            return
        }
        guard let outcome else { return }
        switch outcome {
        case .done:
            logger.notice("job done", metadata: ["job": "\(job.id)", "machine": "\(job.machine)"])
        case .waiting(let failure):
            logger.notice("job waits", metadata: ["job": "\(job.id)", "failure": "\(failure)"])
        case .held(let failure):
            logger.warning("job held for a person", metadata: ["job": "\(job.id)", "failure": "\(failure)"])
        case .failed(let failure):
            logger.error("job failed", metadata: ["job": "\(job.id)", "failure": "\(failure)"])
        }
    }
}

private actor Count {
    private var value = 0
    func add(_ change: Int) { value += change }
    func isBelow(_ limit: Int) -> Bool { value < limit }
}
