import Fleet
import Jobs
import Provisioning
import Synchronization
import Vocabulary

/// A store that is a value: it can be copied, and cut off in the middle of a job as a killed server's is.
final class MemoryStore: DeviceStore, JobQueue, TokenStore, SecretShelf, PreSharedKeyShelf {
    struct Content: Sendable {
        var devices: [MachineID: DeviceRecord] = [:]
        var secrets: [(machine: MachineID, purpose: SecretPurpose, sealed: [UInt8])] = []
        var jobs: [JobRecord] = []
        var lines: [JobID: [JournalLine]] = [:]
        var signals: [JobID: Set<JobSignal>] = [:]
        var evidence: [JobID: [EvidenceKind: String]] = [:]
        /// Writes from here on do not happen, as after a kill.
        var isCutOff = false
        /// How many writes were asked for.
        var writes = 0
        /// The write at which the server is killed, and whether that write is still on the disk.
        var kill: (write: Int, isKept: Bool)?
        /// Whether every job has ended and no machine waits for a person.
        var isSettled: Bool { jobs.allSatisfy(\.state.isFinal) && !devices.values.contains { $0.stage == .held } }
        /// Told of each line of a journal, outside of the lock.
        var onEvent: (@Sendable (JobEvent) -> Void)?
        /// How many writes that the disk says it has done it has yet to do.
        var writesBehind = 0
    }

    let content: Mutex<Content>
    /// What a disk that is behind really holds, and held.
    private let former = Mutex<[Content]>([])
    private let clock: @Sendable () -> Double

    init(_ content: Content, clock: @escaping @Sendable () -> Double) {
        self.content = Mutex(content)
        self.clock = clock
    }

    /// What a server finds that starts after a kill.
    func open() {
        content.withLock { content in
            if let found = former.withLock(\.first) { content = found }
            content.isCutOff = false
            content.kill = nil
        }
    }

    private func read<Value: Sendable>(_ body: (Content) throws(Failure) -> Value) throws(Failure) -> Value {
        let content = content.withLock { $0 }
        guard !content.isCutOff else { throw Failure(.storeUnavailable, "the server is dead") }
        return try body(content)
    }

    /// In place: a copy of everything for each write would be most of what a simulation does.
    private func write<Value: Sendable>(
        _ body: (inout Content) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let outcome: Result<Value, Failure> = content.withLock { content in
            guard !content.isCutOff else { return .failure(Failure(.storeUnavailable, "the server is dead")) }
            content.writes += 1
            let kill = content.kill?.write == content.writes ? content.kill : nil
            if kill?.isKept == false {
                content.isCutOff = true
                return .failure(Failure(.storeUnavailable, "the server is dead"))
            }
            if content.writesBehind > 0 {
                former.withLock { [content] in $0 = $0.suffix(content.writesBehind - 1) + [content] }
            }
            do throws(Failure) {
                let value = try body(&content)
                content.isCutOff = kill != nil
                return .success(value)
            } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    // MARK: devices

    func device(_ machine: MachineID) async throws(Failure) -> DeviceRecord? { try read { $0.devices[machine] } }
    /// In an order of their own: that of a dictionary is another one each time.
    func devices() async throws(Failure) -> [DeviceRecord] {
        try read { $0.devices.values.sorted { $0.machine.bytes.lexicographicallyPrecedes($1.machine.bytes) } }
    }

    func change(
        _ machine: MachineID, _ body: @Sendable (inout DeviceRecord?) throws(Failure) -> Void
    ) async throws(Failure) -> DeviceRecord? {
        try write { content throws(Failure) in
            // All of it or nothing: the body may throw.
            var record = content.devices[machine]
            try body(&record)
            content.devices[machine] = record
            return record
        }
    }

    func holder(of name: Hostname, otherThan machine: MachineID) async throws(Failure) -> MachineID? {
        try read {
            $0.devices.values.first { $0.name == name && $0.machine != machine && $0.stage != .retired }?.machine
        }
    }

    func keep(_ sealed: [UInt8], as purpose: SecretPurpose, of machine: MachineID, now: Double) async throws(Failure) {
        try write { $0.secrets.append((machine, purpose, sealed)) }
    }

    func sealed(_ purpose: SecretPurpose, of machine: MachineID) async throws(Failure) -> [[UInt8]] {
        try read { $0.secrets.reversed().filter { $0.machine == machine && $0.purpose == purpose }.map(\.sealed) }
    }

    func forget(_ purpose: SecretPurpose, of machine: MachineID, keepingNewest: Bool) async throws(Failure) {
        try write { content in
            let newest = content.secrets.lastIndex { $0.machine == machine && $0.purpose == purpose }
            let kept = content.secrets.enumerated().filter { place, secret in
                secret.machine != machine || secret.purpose != purpose || (keepingNewest && place == newest)
            }
            content.secrets = kept.map(\.element)
        }
    }

    // MARK: tokens, which the simulated agents do not show

    func add(_ token: BuildToken, hash: [UInt8]) async throws(Failure) {}
    func admit(
        hash: [UInt8], for machine: MachineID?, spends: Bool, now: Double
    ) async throws(Failure) -> BuildToken { throw BuildToken.refusal("is unknown") }
    func tokens() async throws(Failure) -> [BuildToken] { [] }
    func revoke(token id: String, now: Double) async throws(Failure) -> BuildToken? { nil }

    func secrets(of machine: MachineID) async throws(Failure) -> [SealedSecret] {
        try read { content in
            content.secrets.enumerated().filter { $0.element.machine == machine }.map { place, secret in
                SealedSecret(
                    sequence: Int64(place), machine: machine, purpose: secret.purpose, sealed: secret.sealed)
            }
        }
    }

    // MARK: the shelf, for a rotation of keys, which no simulation does

    func secrets(after sequence: Int64, limit: Int) async throws(Failure) -> [SealedSecret] { [] }
    func replace(_ secrets: [SealedSecret]) async throws(Failure) {}
    func secretsByKey() async throws(Failure) -> [String: Int] { [:] }

    // MARK: pre-shared keys, which no simulated machine has

    func add(_ keys: [(key: KeptPreSharedKey, sealed: [UInt8])]) async throws(Failure) {}
    func preSharedKeys() async throws(Failure) -> [KeptPreSharedKey] { [] }
    func preSharedKey(_ pid: String) async throws(Failure) -> KeptPreSharedKey? { nil }
    func use(preSharedKey pid: String, by machine: MachineID, now: Double) async throws(Failure) {
        throw KeptPreSharedKey.unknown(pid)
    }
    func remove(preSharedKey pid: String) async throws(Failure) { throw KeptPreSharedKey.unknown(pid) }

    // MARK: jobs

    /// There is one server.
    func renewLeases(now: Double) async throws(Failure) -> Set<JobID> {
        try read { Set($0.jobs.filter { $0.state == .running }.map(\.id)) }
    }

    func append(_ event: JobEvent, requests: [JobRequest], to job: JobID) async throws(Failure) {
        let time = clock()
        try write { $0.lines[job, default: []].append(JournalLine(time: time, event: event)) }
        content.withLock { $0.onEvent }?(event)
    }
    func events(of job: JobID) async throws(Failure) -> [JobEvent] { try await lines(of: job).map(\.event) }
    func lines(of job: JobID) async throws(Failure) -> [JournalLine] { try read { $0.lines[job] ?? [] } }

    func enqueue(
        _ kind: JobKind, for machine: MachineID, parameters: String, now: Double, due: Double
    ) async throws(Failure) -> JobRecord {
        try write { content in
            if let known = content.jobs.first(where: { $0.machine == machine && $0.kind == kind && !$0.state.isFinal })
            {
                return known
            }
            let job = JobRecord(
                id: JobID(Int64(content.jobs.count + 1)), kind: kind, machine: machine, parameters: parameters,
                state: .queued, created: now, due: due)
            content.jobs.append(job)
            return job
        }
    }

    func claim(now: Double) async throws(Failure) -> JobRecord? {
        try write { content in
            let due = content.jobs.indices.filter { place in
                let job = content.jobs[place]
                return [.queued, .waiting].contains(job.state) && job.due <= now
                    && !content.jobs.contains { $0.machine == job.machine && $0.state == .running }
            }
            guard let place = due.min(by: { content.jobs[$0].due < content.jobs[$1].due }) else { return nil }
            content.jobs[place].state = .running
            return content.jobs[place]
        }
    }

    private func edit(_ job: JobID, _ body: (inout JobRecord) -> Void) throws(Failure) {
        try write { body(&$0.jobs[Int(job.number) - 1]) }
    }

    func hasten(_ job: JobID, now: Double) async throws(Failure) {
        try edit(job) { if [.queued, .waiting].contains($0.state) { $0.due = now } }
    }
    func signal(_ signal: JobSignal, to job: JobID) async throws(Failure) {
        try write { _ = $0.signals[job, default: []].insert(signal) }
    }
    func signals(of job: JobID) async throws(Failure) -> Set<JobSignal> { try read { $0.signals[job] ?? [] } }
    func keep(_ evidence: String, as kind: EvidenceKind, for job: JobID, now: Double) async throws(Failure) -> String {
        try write { content in
            let kept = content.evidence[job]?[kind] ?? evidence
            content.evidence[job, default: [:]][kind] = kept
            return kept
        }
    }
    func evidence(_ kind: EvidenceKind, of job: JobID) async throws(Failure) -> String? {
        try read { $0.evidence[job]?[kind] }
    }
    func nextDue() async throws(Failure) -> Double? {
        try read { $0.jobs.filter { [.queued, .waiting].contains($0.state) }.map(\.due).min() }
    }

    func settle(_ job: JobID, _ outcome: JobMachine.Outcome, now: Double) async throws(Failure) {
        try edit(job) { job in
            switch outcome {
            case .done: (job.state, job.ended, job.failure) = (.done, now, nil)
            case .held(let failure): (job.state, job.failure) = (.held, failure)
            case .failed(let failure): (job.state, job.ended, job.failure) = (.failed, now, failure)
            case .waiting(let failure):
                job.setbacks += 1
                (job.state, job.due, job.failure) = (
                    .waiting, now + pauseAfter(setbacks: job.setbacks, of: job.machine), failure
                )
            }
        }
    }

    func reopen(_ job: JobID, now: Double) async throws(Failure) -> JobRecord {
        try edit(job) { ($0.state, $0.due, $0.ended) = (.queued, now, nil) }
        return try read { $0.jobs[Int(job.number) - 1] }
    }

    func recover(now: Double) async throws(Failure) -> [JobID] {
        try write { content in
            var found: [JobID] = []
            for place in content.jobs.indices where content.jobs[place].state == .running {
                content.jobs[place].state = .queued
                content.jobs[place].due = now
                found.append(content.jobs[place].id)
            }
            return found
        }
    }

    func job(_ id: JobID) async throws(Failure) -> JobRecord? {
        try read { content in content.jobs.first { $0.id == id } }
    }
    func jobs() async throws(Failure) -> [JobRecord] { try read { $0.jobs } }
    func unfinishedJobs(of machine: MachineID?) async throws(Failure) -> [JobRecord] {
        try read { $0.jobs.filter { !$0.state.isFinal && (machine == nil || $0.machine == machine) } }
    }
    func jobs(of machine: MachineID) async throws(Failure) -> [JobRecord] {
        try read { content in content.jobs.filter { $0.machine == machine } }
    }
}
