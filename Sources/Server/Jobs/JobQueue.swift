package import Vocabulary

/// What kind of work a job is; the list of its steps is found by it.
package struct JobKind: RawRepresentable, Hashable, Codable, Sendable, ExpressibleByStringLiteral {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package init(stringLiteral value: String) { rawValue = value }
}

/// A job as the store keeps it.
package struct JobRecord: Hashable, Codable, Sendable {
    package enum State: String, Hashable, Codable, Sendable {
        /// Due now or at ``JobRecord/due``.
        case queued
        case running
        /// A setback; tried again at ``JobRecord/due``.
        case waiting
        case done
        case failed
        /// Rests until a person has decided.
        case held

        package var isFinal: Bool { self == .done || self == .failed || self == .held }
    }

    package var id: JobID
    package var kind: JobKind
    package var machine: MachineID
    /// JSON without secrets; its shape is the kind's.
    package var parameters: String
    package var state: State
    /// Seconds since 1970.
    package var created: Double
    package var due: Double
    package var ended: Double?
    /// How often a setback was met.
    package var setbacks: Int
    package var failure: Failure?

    package init(
        id: JobID, kind: JobKind, machine: MachineID, parameters: String, state: State, created: Double, due: Double,
        ended: Double? = nil, setbacks: Int = 0, failure: Failure? = nil
    ) {
        self.id = id
        self.kind = kind
        self.machine = machine
        self.parameters = parameters
        self.state = state
        self.created = created
        self.due = due
        self.ended = ended
        self.setbacks = setbacks
        self.failure = failure
    }
}

/// Word from outside that a job waits for.
package struct JobSignal: RawRepresentable, Hashable, Sendable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// What a thing is that somebody has shown for a job, as the store keeps it; never renamed.
package struct EvidenceKind: RawRepresentable, Hashable, Sendable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// An event with the time at which it was written, and the requests that led to it.
package struct JournalLine: Hashable, Codable, Sendable {
    package var time: Double
    package var event: JobEvent
    package var requests: [JobRequest]

    package init(time: Double, event: JobEvent, requests: [JobRequest] = []) {
        self.time = time
        self.event = event
        self.requests = requests
    }
}

/// One request that a job has made, for its timeline.
package struct JobRequest: Hashable, Codable, Sendable {
    /// When it was sent, in seconds since 1970.
    package var time: Double
    /// How long the answer took, in seconds.
    package var seconds: Double
    /// `AMT_GeneralSettings.Get`, say.
    package var title: String
    /// The digest user; `nil` where a certificate spoke for us.
    package var user: String?
    /// The status of HTTP, or why there is none.
    package var result: String
    /// Whether it began a connection, with a handshake.
    package var opened: Bool

    package init(time: Double, seconds: Double, title: String, user: String?, result: String, opened: Bool) {
        self.time = time
        self.seconds = seconds
        self.title = title
        self.user = user
        self.result = result
        self.opened = opened
    }
}

/// Jobs that are owed, and what became of them.
///
/// Times are seconds since 1970, handed in.
package protocol JobQueue: JobJournal {
    /// Adds a job, or gives the unfinished one of the same kind for the same machine, whose parameters stand.
    func enqueue(_ kind: JobKind, for machine: MachineID, parameters: String, now: Double, due: Double)
        async throws(Failure)
        -> JobRecord

    /// Takes the job that is longest due and marks it running; never two for one machine at once.
    ///
    /// A job that runs under another server's lease is due when that has run out.
    func claim(now: Double) async throws(Failure) -> JobRecord?

    /// Prolongs the leases of all jobs that this server runs.
    ///
    /// - Returns: Those that it still holds. Events and outcomes of others are refused with
    ///   ``Failure/Code/leaseLost``.
    func renewLeases(now: Double) async throws(Failure) -> Set<JobID>

    /// Makes a job that is queued or waiting due now.
    func hasten(_ job: JobID, now: Double) async throws(Failure)

    /// Keeps word from outside that the job waits for; said twice, it is kept once.
    func signal(_ signal: JobSignal, to job: JobID) async throws(Failure)
    func signals(of job: JobID) async throws(Failure) -> Set<JobSignal>

    /// Keeps what somebody shows for a job; of each kind what came first, whatever comes later.
    ///
    /// - Returns: What is kept.
    func keep(_ evidence: String, as kind: EvidenceKind, for job: JobID, now: Double) async throws(Failure) -> String
    func evidence(_ kind: EvidenceKind, of job: JobID) async throws(Failure) -> String?

    /// When the next job will be due, if any waits, or another server's lease may run out.
    func nextDue() async throws(Failure) -> Double?

    /// Writes down how an attempt ended.
    func settle(_ job: JobID, _ outcome: JobMachine.Outcome, now: Double) async throws(Failure)

    /// Makes a failed or held job due again.
    ///
    /// - Returns: The job as it is then.
    func reopen(_ job: JobID, now: Double) async throws(Failure) -> JobRecord

    /// Makes jobs due again that were running when this server ended; those of other servers run on.
    ///
    /// Called once, before the first claim.
    func recover(now: Double) async throws(Failure) -> [JobID]

    func job(_ id: JobID) async throws(Failure) -> JobRecord?
    func jobs() async throws(Failure) -> [JobRecord]
    /// At most `limit` jobs in their order, those after one, or with `nil` from the first.
    func jobs(after job: JobID?, limit: Int) async throws(Failure) -> [JobRecord]
    /// Those that are neither at their end nor held, oldest first; of one machine, or with `nil` of all.
    func unfinishedJobs(of machine: MachineID?) async throws(Failure) -> [JobRecord]
    /// Those whose parameters may name this as the claim, and perhaps others.
    func unfinishedJobs(claiming name: Hostname) async throws(Failure) -> [JobRecord]
    /// The jobs of one machine, oldest first.
    func jobs(of machine: MachineID) async throws(Failure) -> [JobRecord]
    func lines(of job: JobID) async throws(Failure) -> [JournalLine]
}

extension JobQueue {
    /// Every job in turn, a few hundred in memory at a time.
    package func forEachJob(_ body: (JobRecord) throws(Failure) -> Void) async throws(Failure) {
        var last: JobID?
        while true {
            let page = try await jobs(after: last, limit: 500)
            for job in page { try body(job) }
            guard page.count == 500, let end = page.last else { return }
            last = end.id
        }
    }
}

/// When a job that met a setback is tried again: after 1, 2, 4 … seconds, at most five minutes apart.
///
/// Up to a quarter more or less, by the machine and the count: what failed at the same moment does not come back at the
/// same moment.
package func pauseAfter(setbacks: Int, of machine: MachineID) -> Double {
    // FNV-1a: Swift's own hashes differ from process to process.
    let hash = "\(machine.text) \(setbacks)".utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    return min(300, Double(1 << min(max(setbacks - 1, 0), 12))) * (0.75 + Double(hash >> 40) / Double(1 << 24) / 2)
}
