import Certificates
package import Fleet
import Foundation
package import Jobs
import Synchronization
package import Vocabulary
import Wire

/// What the server decides: on a hello, on a report, on a job's end.
///
/// Keeps nothing but its stores.
package struct ServerCore: Sendable {
    package typealias Store = DeviceStore & JobQueue & TokenStore & SecretShelf & PreSharedKeyShelf

    package let store: any Store
    package let domain: Hostname
    package let policy: NamePolicy
    package let routes: Routes
    package let clock: @Sendable () -> Double
    package let board: SignalBoard
    /// Keeps the one-time passwords that agents are given; without it there are none.
    package var vault: Vault?
    /// Whether agents have their machine's board sign a nonce.
    package var asksBoards = false
    /// Takes certificates of machines back that go out of use.
    package var authority: (any RevokingAuthority)?
    /// Told when a job may have become due.
    package let ring: @Sendable () -> Void

    /// How long a job waits for the agent to write the echo before it looks by itself, in seconds.
    static let echoPatience = 60.0

    package init(
        store: any Store, domain: Hostname, policy: NamePolicy, routes: Routes, board: SignalBoard,
        clock: @escaping @Sendable () -> Double,
        ring: @escaping @Sendable () -> Void
    ) {
        self.store = store
        self.domain = domain
        self.policy = policy
        self.routes = routes
        self.board = board
        self.clock = clock
        self.ring = ring
    }

    // MARK: hello

    /// Takes a hello: makes or changes the record, and adds a job when one is due.
    ///
    /// - Returns: What was decided, for the log.
    package func take(_ hello: HelloPacket, from address: String) async throws(Failure) -> HelloIntake.Decision {
        let (intake, now) = (HelloIntake(domain: domain), clock())
        let label = try await freeTemporaryHostname(for: hello.machine)
        let key: KeptPreSharedKey?
        if let pid = hello.pid { key = try await store.preSharedKey(pid) } else { key = nil }
        let isAwaited = try await awaitsHello(hello.machine)
        let box = Box<HelloIntake.Decision?>(nil)
        let record = try await store.change(hello.machine) { (record: inout DeviceRecord?) throws(Failure) in
            let decision = try intake.take(
                hello, from: address, into: &record, temporaryHostname: label, key: key, isAwaited: isAwaited,
                now: now)
            if decision == .provision { record?.stage = .provisioning }
            box.set(decision)
        }
        let decision = box.value ?? .leave("no record")
        guard let record else { return decision }
        let job = try await unfinishedJob(of: record.machine)
        // Provisioning without a job: the server was killed between the two writes of an earlier hello.
        if decision == .provision || (record.stage == .provisioning && job == nil) {
            let parameters = try encoded(ProvisionParameters(name: record.name))
            _ = try await store.enqueue(.provision, for: record.machine, parameters: parameters, now: now, due: now)
            ring()
        } else if isAwaited || record.stage == .provisioning, [record.address, record.movedTo].contains(address),
            let job
        {
            // The firmware is awake in set-up: what waits for it need not wait longer.
            try await store.hasten(job.id, now: now)
            ring()
        }
        return decision
    }

    /// Whether a job is under way that has begun to take a managed firmware back, and cannot know yet that it did.
    private func awaitsHello(_ machine: MachineID) async throws(Failure) -> Bool {
        guard let job = try await unfinishedJob(of: machine), [.reprovision, .unprovision].contains(job.kind) else {
            return false
        }
        return try await store.events(of: job.id).contains(.began(UnprovisionStep.name))
    }

    private func freeTemporaryHostname(for machine: MachineID) async throws(Failure) -> String {
        if let known = try await store.device(machine) { return known.temporaryHostname }
        for attempt in 0..<100 {
            let label = temporaryHostname(for: machine, attempt: attempt)
            guard let name = try? Hostname("\(label).\(domain)") else { continue }
            if try await store.holder(of: name, otherThan: machine) == nil { return label }
        }
        throw Failure(.nameTaken, "no free temporary name for \(machine)")
    }

    // MARK: the end of a job

    /// Writes a job's outcome into its queue and into the record.
    package func settle(_ job: JobRecord, _ outcome: JobMachine.Outcome) async throws(Failure) {
        if case .failed(let failure) = outcome {
            let next = try await fallBack(from: job, after: failure)
            let now = clock()
            let written = try await store.secrets(of: job.machine).compactMap(\.purpose.account)
            _ = try await store.change(job.machine) { (record: inout DeviceRecord?) in
                // Which board has taken its place is more to know than how its last job ended.
                if record?.replacedBy == nil {
                    record?.note =
                        "job \(job.id) failed: \(failure)"
                        + (next.map { "; job \($0.id) goes on by another route" } ?? "")
                }
                if record?.stage == .provisioning { record?.stage = .held }
                // That there are two machines says more than what became of a job between them, which its page tells.
                if record?.stage != .retired { record?.holdTwins() }
                if job.kind == .rename { record?.firmware?.mayHoldLeftovers = true }
                // What its removal could not remove, or could not know to be gone, the next sweep looks for.
                if record?.firmware?.adminProved != nil {
                    let (own, due) = (record?.firmware?.account, now + TemporaryAccount.afterFailure)
                    if let own { record?.firmware?.account?.ends = min(own.ends, due) }
                    if written.contains(where: { $0 != own?.name }) {
                        let former = record?.firmware?.sweepDue ?? due
                        record?.firmware?.sweepDue = min(former, due)
                    }
                }
            }
        }
        try await store.settle(job.id, outcome, now: clock())
        ring()
    }

    /// Lets a held machine be provisioned at its next hello, or at once when its address is known.
    package func retry(_ machine: MachineID) async throws(Failure) -> JobRecord {
        guard let record = try await store.device(machine) else { throw Self.unknown(machine) }
        // Who asks for this says that it is the right machine.
        try await vault?.forget(.oneTimePassword, of: machine)
        let running = try await unfinishedJob(of: machine)
        // The job of a set-up may be one that a store which was put back has forgotten.
        let isForgotten = record.stage == .provisioning && running == nil
        guard record.stage == .held || record.stage == .staged || isForgotten else {
            throw Failure(.firmwareStateUnexpected, "\(machine) is \(record.stage.rawValue), not held")
        }
        if record.twins != nil {
            // Who asks for this says that there is one machine; if there are two, their next hellos tell.
            _ = try await store.change(machine) { (record: inout DeviceRecord?) in
                record?.twins = nil
                record?.heard = nil
                if record?.firmware?.adminProved != nil { record?.stage = .managed }
            }
        }
        if let running, record.twins != nil || record.firmware == nil {
            // Its hellos lead the job to it again; a second one would only be in its way.
            _ = try await store.change(machine) { (record: inout DeviceRecord?) in
                if record?.firmware == nil { record?.stage = .provisioning }
            }
            try await store.hasten(running.id, now: clock())
            ring()
            return running
        }
        if record.twins != nil, record.firmware?.adminProved != nil,
            let last = try await store.jobs(of: machine).last
        {
            return last
        }
        if let last = try await store.jobs(of: machine).last, last.state == .failed,
            [.provision, .reprovision, .adopt].contains(last.kind)
        {
            return try await retry(last)
        }
        guard record.firmware == nil else {
            throw Failure(
                .firmwareStateUnexpected, "\(machine) was provisioned before; its record still says so",
                hint: "Find out why it said hello again; then `namesake-server devices readmit \(machine)`.")
        }
        let now = clock()
        let parameters = try encoded(ProvisionParameters(name: record.name))
        let job = try await store.enqueue(.provision, for: machine, parameters: parameters, now: now, due: now)
        _ = try await store.change(machine) { (record: inout DeviceRecord?) in record?.stage = .provisioning }
        ring()
        return job
    }

    /// Lets a failed job go on from where it stopped, once a person has mended the cause.
    ///
    /// What it has secured already (an admin password, a certificate that may be committed) is used again.
    package func retry(_ job: JobRecord) async throws(Failure) -> JobRecord {
        guard job.state == .failed else {
            throw Failure(.jobUnderWay, "job \(job.id) is \(job.state.rawValue), not failed")
        }
        if let other = try await unfinishedJob(of: job.machine) {
            throw Failure(.jobUnderWay, "job \(other.id) of this machine is under way")
        }
        // In this order: a server that is killed in between leaves a job that fails once more, not a record without one.
        try await store.append(.retried, to: job.id)
        let again = try await store.reopen(job.id, now: clock())
        _ = try await store.change(job.machine) { (record: inout DeviceRecord?) in
            record?.note = nil
            if record?.stage == .held { record?.stage = .provisioning }
        }
        ring()
        return again
    }

    static func unknown(_ machine: MachineID) -> Failure {
        Failure(
            .machineUnknown, "no record of machine \(machine)",
            hint: "Let its firmware say hello to this server first; `namesake-server devices list` shows who has.")
    }
}

/// A value that a transaction's body hands out.
private final class Box<Value: Sendable>: Sendable {
    private let held: Mutex<Value>
    var value: Value { held.withLock { $0 } }
    init(_ value: Value) { held = Mutex(value) }
    func set(_ value: Value) { held.withLock { $0 = value } }
}
