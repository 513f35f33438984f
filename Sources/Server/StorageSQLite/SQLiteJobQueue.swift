import Foundation
import GRDB
package import Jobs
package import Vocabulary

extension SQLiteStore: JobQueue {
    package func append(_ event: JobEvent, requests: [JobRequest], to job: JobID) async throws(Failure) {
        try await write("write a job's journal") { db in
            if event.isRunners { try requireLease(of: job, db) }
            try Self.note(event, requests, job, db)
        }
    }

    package func append(
        _ event: JobEvent, requests: [JobRequest], then next: JobEvent, to job: JobID
    ) async throws(Failure) {
        try await write("write a job's journal") { db in
            if event.isRunners || next.isRunners { try requireLease(of: job, db) }
            try Self.note(event, requests, job, db)
            try Self.note(next, [], job, db)
        }
    }

    private static func note(_ event: JobEvent, _ requests: [JobRequest], _ job: JobID, _ db: Database) throws {
        try db.kept("INSERT INTO job_event (job, time, event, requests) VALUES (?, ?, ?, ?)").execute(
            arguments: [
                job.number, Date().timeIntervalSince1970, try encode(event),
                requests.isEmpty ? nil : try encode(requests),
            ])
    }

    package func events(of job: JobID) async throws(Failure) -> [JobEvent] {
        try await lines(of: job).map(\.event)
    }

    package func lines(of job: JobID) async throws(Failure) -> [JournalLine] {
        try look("read a job's journal") { db in
            try Row.fetchAll(
                db.kept("SELECT time, event, requests FROM job_event WHERE job = ? ORDER BY sequence"),
                arguments: [job.number]
            ).map { row in
                let requests: String? = row["requests"]
                return JournalLine(
                    time: row["time"], event: try decode(JobEvent.self, row["event"]),
                    requests: try requests.map { try decode([JobRequest].self, $0) } ?? [])
            }
        }
    }

    package func enqueue(
        _ kind: JobKind, for machine: MachineID, parameters: String, now: Double, due: Double
    ) async throws(Failure) -> JobRecord {
        try await write("add a job") { db in
            let known = try Row.fetchOne(
                db.kept(
                    """
                    SELECT * FROM job WHERE machine = ? AND kind = ? AND state IN ('queued', 'running', 'waiting')
                    """), arguments: [machine.text, kind.rawValue])
            if let known { return try Self.job(known) }
            try db.kept(
                """
                INSERT INTO job (kind, machine, parameters, state, created, due) VALUES (?, ?, ?, 'queued', ?, ?)
                """
            ).execute(arguments: [kind.rawValue, machine.text, parameters, now, due])
            return JobRecord(
                id: JobID(db.lastInsertedRowID), kind: kind, machine: machine, parameters: parameters, state: .queued,
                created: now, due: due)
        }
    }

    package func claim(now: Double) async throws(Failure) -> JobRecord? {
        // Most who ask find none, and need no place among those who write.
        guard try look("find a job that is due", { db in try nextClaim(now, db) }) != nil else { return nil }
        return try await write("claim a job") { db in
            guard let id = try nextClaim(now, db),
                let found = try Row.fetchOne(db.kept("SELECT * FROM job WHERE id = ?"), arguments: [id])
            else { return nil }
            var record = try Self.job(found)
            record.state = .running
            try db.kept("UPDATE job SET state = 'running', worker = ?, leaseEnds = ? WHERE id = ?").execute(
                arguments: [lease.worker, now + lease.seconds, id])
            return record
        }
    }

    /// The job that is longest due, by as many steps into an index as there are states: however many wait, one is read.
    private func nextClaim(_ now: Double, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(db.kept(Self.nextClaim), arguments: ["now": now, "worker": lease.worker])
    }

    private static let nextClaim: String = {
        let isFree = """
            NOT EXISTS (SELECT 1 FROM job AS other WHERE other.machine = job.machine
            AND other.state = 'running' AND other.id <> job.id)
            """
        let waiting = ["queued", "waiting"].map {
            """
            SELECT * FROM (SELECT id, due FROM job WHERE state = '\($0)' AND due <= :now AND \(isFree)
            ORDER BY due, id LIMIT 1)
            """
        }
        let abandoned = ["=", "<", ">"].map {
            """
            SELECT id, due FROM job INDEXED BY job_lease
            WHERE state = 'running' AND worker \($0) :worker AND leaseEnds <= :now AND \(isFree)
            """
        }
        return "SELECT id FROM (\((waiting + abandoned).joined(separator: " UNION ALL "))) ORDER BY due, id LIMIT 1"
    }()

    package func renewLeases(now: Double) async throws(Failure) -> Set<JobID> {
        try await write("renew its leases") { db in
            let held = try Int64.fetchAll(
                db.kept("SELECT id FROM job WHERE state = 'running' AND worker = ?"), arguments: [lease.worker])
            guard !held.isEmpty else { return [] }
            try db.kept("UPDATE job SET leaseEnds = ? WHERE state = 'running' AND worker = ?").execute(arguments: [
                now + lease.seconds, lease.worker,
            ])
            return Set(held.map { JobID($0) })
        }
    }

    /// Refuses what a server says of a job that another one has taken over since.
    private func requireLease(of job: JobID, _ db: Database) throws {
        let worker = try String.fetchOne(db.kept("SELECT worker FROM job WHERE id = ?"), arguments: [job.number])
        guard let worker, worker != lease.worker else { return }
        throw Failure(
            .leaseLost, "job \(job) is another server's by now: this one was held up for longer than its lease",
            hint: "Nothing has to be done; the other one ends it.", remedy: .giveUp)
    }

    package func hasten(_ job: JobID, now: Double) async throws(Failure) {
        try await write("hasten a job") { db in
            try db.kept("UPDATE job SET due = ? WHERE id = ? AND state IN ('queued', 'waiting')").execute(arguments: [
                now, job.number,
            ])
        }
    }

    package func signal(_ signal: JobSignal, to job: JobID) async throws(Failure) {
        try await write("signal a job") { db in
            try db.kept("INSERT OR IGNORE INTO job_signal (job, signal) VALUES (?, ?)").execute(arguments: [
                job.number, signal.rawValue,
            ])
        }
    }

    package func signals(of job: JobID) async throws(Failure) -> Set<JobSignal> {
        try look("read a job's signals") { db in
            Set(
                try String.fetchAll(db.kept("SELECT signal FROM job_signal WHERE job = ?"), arguments: [job.number])
                    .map { JobSignal(rawValue: $0) })
        }
    }

    package func keep(
        _ evidence: String, as kind: EvidenceKind, for job: JobID, now: Double
    ) async throws(Failure) -> String {
        try await write("keep evidence for a job") { db in
            try db.kept("INSERT OR IGNORE INTO job_evidence (job, kind, text, time) VALUES (?, ?, ?, ?)").execute(
                arguments: [job.number, kind.rawValue, evidence, now])
            return try Self.evidence(kind, of: job, db) ?? evidence
        }
    }

    package func evidence(_ kind: EvidenceKind, of job: JobID) async throws(Failure) -> String? {
        try look("read a job's evidence") { db in try Self.evidence(kind, of: job, db) }
    }

    private static func evidence(_ kind: EvidenceKind, of job: JobID, _ db: Database) throws -> String? {
        try String.fetchOne(
            db.kept("SELECT text FROM job_evidence WHERE job = ? AND kind = ?"), arguments: [job.number, kind.rawValue])
    }

    package func nextDue() async throws(Failure) -> Double? {
        try look("find the next job") { db in
            // MIN of one column goes into its index; MIN over a union of rows would read them all.
            try Double.fetchOne(
                db.kept(
                    """
                    SELECT MIN(next) FROM (SELECT MIN(due) AS next FROM job WHERE state = 'queued'
                    UNION ALL SELECT MIN(due) FROM job WHERE state = 'waiting'
                    UNION ALL SELECT MIN(leaseEnds) FROM job INDEXED BY job_lease
                    WHERE state = 'running' AND worker < :worker
                    UNION ALL SELECT MIN(leaseEnds) FROM job INDEXED BY job_lease
                    WHERE state = 'running' AND worker > :worker)
                    """), arguments: ["worker": lease.worker])
        }
    }

    package func settle(_ job: JobID, _ outcome: JobMachine.Outcome, now: Double) async throws(Failure) {
        try await write("settle a job") { db in
            try requireLease(of: job, db)
            switch outcome {
            case .done:
                try db.kept("UPDATE job SET state = 'done', ended = ?, failure = NULL WHERE id = ?").execute(
                    arguments: [now, job.number])
            case .waiting(let failure):
                guard let row = try Row.fetchOne(db.kept("SELECT * FROM job WHERE id = ?"), arguments: [job.number])
                else { throw Failure(.storeUnavailable, "job \(job) is not there") }
                let record = try Self.job(row)
                let count = record.setbacks + 1
                try db.kept("UPDATE job SET state = 'waiting', setbacks = ?, due = ?, failure = ? WHERE id = ?")
                    .execute(arguments: [
                        count, now + pauseAfter(setbacks: count, of: record.machine), try encode(failure), job.number,
                    ])
            case .held(let failure):
                try db.kept("UPDATE job SET state = 'held', failure = ? WHERE id = ?").execute(arguments: [
                    try encode(failure), job.number,
                ])
            case .failed(let failure):
                try db.kept("UPDATE job SET state = 'failed', ended = ?, failure = ? WHERE id = ?").execute(arguments: [
                    now, try encode(failure), job.number,
                ])
            }
        }
    }

    package func reopen(_ job: JobID, now: Double) async throws(Failure) -> JobRecord {
        try await write("reopen a job") { db in
            try db.kept(
                "UPDATE job SET state = 'queued', due = ?, ended = NULL, worker = NULL WHERE id = ? AND state IN ('failed', 'held')"
            ).execute(arguments: [now, job.number])
            guard let row = try Row.fetchOne(db.kept("SELECT * FROM job WHERE id = ?"), arguments: [job.number]) else {
                throw Failure(.storeUnavailable, "job \(job) is not there")
            }
            return try Self.job(row)
        }
    }

    package func recover(now: Double) async throws(Failure) -> [JobID] {
        try await write("recover jobs") { db in
            let ours = "state = 'running' AND (worker IS NULL OR substr(worker, 1, ?) = ?)"
            let place = String(lease.place)
            let found = try Int64.fetchAll(
                db.kept("SELECT id FROM job WHERE \(ours)"), arguments: [place.unicodeScalars.count, place])
            try db.kept("UPDATE job SET state = 'queued', due = ?, worker = NULL WHERE \(ours)").execute(arguments: [
                now, place.unicodeScalars.count, place,
            ])
            return found.map { JobID($0) }
        }
    }

    package func job(_ id: JobID) async throws(Failure) -> JobRecord? {
        try look("read a job") { db in
            try Row.fetchOne(db.kept("SELECT * FROM job WHERE id = ?"), arguments: [id.number]).map { try Self.job($0) }
        }
    }

    package func jobs() async throws(Failure) -> [JobRecord] {
        try await read("list the jobs") { db in
            try Row.fetchAll(db.kept("SELECT * FROM job ORDER BY id")).map { try Self.job($0) }
        }
    }

    package func jobs(after job: JobID?, limit: Int) async throws(Failure) -> [JobRecord] {
        try await read("list the jobs") { db in
            try Row.fetchAll(
                db.kept("SELECT * FROM job WHERE id > ? ORDER BY id LIMIT ?"), arguments: [job?.number ?? 0, limit]
            ).map { try Self.job($0) }
        }
    }

    package func unfinishedJobs(of machine: MachineID?) async throws(Failure) -> [JobRecord] {
        try await read("list the unfinished jobs") { db in
            let unfinished = "SELECT * FROM job WHERE state IN ('queued', 'running', 'waiting')"
            guard let machine else {
                return try Row.fetchAll(db.kept("\(unfinished) ORDER BY id")).map { try Self.job($0) }
            }
            return try Row.fetchAll(
                db.kept("\(unfinished) AND machine = ? ORDER BY id"), arguments: [machine.text]
            ).map { try Self.job($0) }
        }
    }

    package func unfinishedJobs(claiming name: Hostname) async throws(Failure) -> [JobRecord] {
        try look("find the jobs that claim a name") { db in
            try Row.fetchAll(
                db.kept(
                    """
                    SELECT * FROM job INDEXED BY job_claim WHERE state IN ('queued', 'running', 'waiting')
                    AND CASE WHEN json_valid(parameters) THEN json_extract(parameters, '$.claim') END = ? ORDER BY id
                    """), arguments: [name.text]
            ).map { try Self.job($0) }
        }
    }

    package func jobs(of machine: MachineID) async throws(Failure) -> [JobRecord] {
        try look("list a machine's jobs") { db in
            try Row.fetchAll(db.kept("SELECT * FROM job WHERE machine = ? ORDER BY id"), arguments: [machine.text])
                .map { try Self.job($0) }
        }
    }

    private static func job(_ row: Row) throws -> JobRecord {
        let machineText: String = row["machine"]
        let stateText: String = row["state"]
        guard let machine = MachineID(machineText), let state = JobRecord.State(rawValue: stateText) else {
            throw Failure(.storeUnavailable, "a row of table job has machine \(machineText) and state \(stateText)")
        }
        let failure: String? = row["failure"]
        return JobRecord(
            id: JobID(row["id"]), kind: JobKind(rawValue: row["kind"]), machine: machine, parameters: row["parameters"],
            state: state, created: row["created"], due: row["due"], ended: row["ended"], setbacks: row["setbacks"],
            failure: try failure.map { try decode(Failure.self, $0) })
    }
}

extension JobEvent {
    /// Whether the server that runs the job says this; the others come from people, at any server.
    fileprivate var isRunners: Bool {
        switch self {
        case .began, .succeeded, .failed: true
        case .retried, .cancelled, .decided: false
        }
    }
}
