import Certificates
package import CurlClient
import Fleet
package import Jobs
package import Kerberos
package import Vocabulary
package import WSMan

/// What jobs are made with: the store, the vault, the authority, the chain, the way out.
package struct Workshop: Sendable {
    package let store: any ServerCore.Store
    package let vault: Vault
    package let client: any HTTPSending
    package let authority: any CertificateAuthority
    /// Its certificates; where they cannot be read, whoever needs them is told.
    let anchors: Result<[Certificate], Failure>
    package let chain: ProvisioningChain
    package let firmwarePort: Int
    package let clock: @Sendable () -> Double
    package let board: SignalBoard
    /// How long one attempt waits for an agent's word before it rests.
    package var attention = Duration.seconds(10)
    /// Where exports go before irreversible steps; `nil` only where nothing outlives the process.
    package let recovery: RecoveryShelf?
    /// Which claims of a name need a person's yes.
    package var approval = Approval.none
    /// Whose signatures of boards are believed, and which claims need one; `nil` where none is asked for.
    package var boards: BoardTrust?
    /// Tickets for firmware that another console joined to a realm; `nil` where there is no realm.
    package var kerberos: Kerberos?
    package var mebx = MEBxPolicy.random
    /// What MEBx may have been given before the first hello, in the order in which a firmware is asked.
    package var firstLogins: [Secret] = []
    /// Users that every provisioned firmware gets.
    package var users: [DigestUser] = []
    package var bootOrder = BootOrder.settingsFirst
    /// What DHCP option 15 gives to new machines; `nil` when that is not known.
    package var domain: Hostname?
    /// How long a firmware may take for one answer as a whole: one that comes drop by drop keeps no job.
    package var answerTime = Duration.seconds(60)
    /// What this process may believe of its leases; `nil` where no other can claim its jobs.
    package var leases: LeaseBook?
    private let nonces = NonceBook()
    /// How many connections are made at once, over all jobs.
    ///
    /// A handshake takes a firmware 1 to 2 s and both ends' processors a while: a thousand at once would all time out
    /// and come back together.
    package var gate = Turnstile(places: 256)
    /// Told at the end of each attempt: the job, the requests and handshakes it used.
    package var measured: @Sendable (JobRecord, _ requests: Int, _ handshakes: Int) -> Void = { _, _, _ in }

    package init(
        store: any ServerCore.Store, vault: Vault, client: any HTTPSending, authority: any CertificateAuthority,
        chain: ProvisioningChain, firmwarePort: Int, board: SignalBoard,
        recovery: RecoveryShelf? = nil, clock: @escaping @Sendable () -> Double
    ) {
        self.store = store
        self.vault = vault
        self.client = client
        self.authority = authority
        anchors = Result { () throws(Failure) in try Certificate.all(pem: authority.trustAnchors) }
        self.chain = chain
        self.firmwarePort = firmwarePort
        self.board = board
        self.recovery = recovery
        self.clock = clock
    }

    /// Carries a job as far as it goes now.
    ///
    /// - Returns: `nil` when it was told to pause between two steps.
    /// - Throws: When the store fails.
    package func advance(
        _ job: JobRecord, while goesOn: () -> Bool = { true }
    ) async throws(Failure) -> JobMachine.Outcome? {
        guard let steps = JobKinds.list(of: job.kind) else {
            return .failed(
                Failure(.jobStepUnknown, "this server knows no job of kind '\(job.kind.rawValue)'", remedy: .giveUp))
        }
        let record = try await store.device(job.machine)
        guard record?.stage != .retired else {
            return .failed(
                Failure(
                    .jobCancelled, "its machine was retired",
                    hint: "`namesake-server devices readmit \(job.machine)` takes it back into use."))
        }
        let target = try await target(of: job)
        let connection = FirmwareConnection(
            client, to: job.machine, nonces: nonces, gate: gate, answerTime: answerTime,
            mayGoOn: { [leases] in leases?.holds(job.id) ?? true }, clock: clock)
        let context = FirmwareContext(
            job: job, target: target, workshop: self, connection: connection, session: WSManSession(over: connection))
        if record?.movedTo != nil {
            let journal = JobMachine(steps.map(\.plan), replaying: try await store.events(of: job.id))
            try await context.followHello(JobLedger(journal.outputs))
        }
        let runner = JobRunner(steps, journal: store) { await $0.connection.takeRequests() }
        var outcome = try await runner.advance(
            job.id, in: context, while: { goesOn() && !board.isInterrupted(job.id) })
        // Cancelled: the journal says so when it is read again.
        if board.resume(job.id), outcome == nil {
            outcome = try await runner.advance(job.id, in: context, while: goesOn)
        }
        try await context.keepAddress()
        if case .waiting(let failure)? = outcome, let end = try await end(of: job, steps, after: failure) {
            // Written down as the step's failure, so that what is owed after one is done.
            try await store.append(end, to: job.id)
            outcome = try await runner.advance(job.id, in: context, while: goesOn)
        }
        measured(job, await connection.requests, await connection.handshakes)
        return outcome
    }

    /// Whether a job has waited long enough.
    ///
    /// - Returns: The failure of the step that waits, or `nil` while there is hope.
    private func end(
        of job: JobRecord, _ steps: [AnyStep<FirmwareContext>], after failure: Failure
    ) async throws(Failure) -> JobEvent? {
        let events = try await store.events(of: job.id)
        var (last, sameCode): (StepName?, Int) = (nil, 0)
        for event in events {
            if case .began(let name) = event { last = name }
            if case .failed(_, let former) = event, former.code == failure.code { sameCode += 1 }
            // What a step has got past is over.
            if case .succeeded = event { sameCode = 0 }
            if event == .retried { sameCode = 0 }
        }
        guard let last else { return nil }
        if let most = Self.patience[failure.code], sameCode >= most {
            var final = failure
            final.remedy = .giveUp
            return .failed(last, final)
        }
        let setUpEnds = try await store.device(job.machine)?.setUpEnds
        return try late(job, failure, JobMachine(steps.map(\.plan), replaying: events).outputs, setUpEnds).map {
            .failed(last, $0)
        }
    }

    /// How many such answers a firmware may give to one step before its job ends.
    ///
    /// One that cannot be read may be a proxy's, not all; a fault that passes has passed after three quarters of an hour,
    /// and a machine that has lost its address to another one has said hello from its new one.
    static let patience: [Failure.Code: Int] = [.firmwareAnswerUnreadable: 3, .firmwareFault: 12, .machineMismatch: 12]

    /// - Returns: `nil` while there is time.
    private func late(
        _ job: JobRecord, _ failure: Failure, _ outputs: [StepName: String], _ setUpEnds: Double?
    ) throws(Failure) -> Failure? {
        let ledger = JobLedger(outputs)
        let unprovisioned = try ledger.outputIfDone(of: UnprovisionStep.self)?.at
        guard !ledger.isDone(CommitStep.self), job.kind == .provision || unprovisioned != nil else {
            return clock() < job.created + AccountStep.lifetime
                ? nil
                : stuck(
                    "has not ended in 30 days, the life of its account", failure,
                    "Look at the machine, then run sync.")
        }
        let (begun, window) = unprovisioned.map { ($0, SetUpWindow.least) } ?? (job.created, SetUpWindow.longest)
        guard clock() > max(begun + window, setUpEnds ?? 0) else { return nil }
        return stuck(
            "has waited \(Int(window / 3600)) hours for a firmware in set-up, whose window is over by now", failure,
            "Have the machine open it again (`namesake-agent sync --start-configuration`, or MEBx), then run "
                + "`namesake-server jobs retry \(job.id)`.")
    }

    private func stuck(_ what: String, _ last: Failure, _ hint: String) -> Failure {
        Failure(.jobStuck, "the job \(what); the last setback: \(last)", hint: hint)
    }

    /// The name that the firmware shall have when the job is done.
    private func target(of job: JobRecord) async throws(Failure) -> Hostname {
        switch job.kind {
        case .provision: return try decoded(ProvisionParameters.self, job.parameters).name
        case .rename, .reprovision: return try decoded(RenameParameters.self, job.parameters).claim
        default:
            guard let record = try await store.device(job.machine) else { throw ServerCore.unknown(job.machine) }
            return record.name
        }
    }
}
