package import CurlClient
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// What jobs are made with: the store, the vault, the authority, the chain, the way out.
package struct Workshop: Sendable {
    package let store: any ServerCore.Store
    package let vault: Vault
    package let client: CurlClient
    package let authority: any CertificateAuthority
    package let chain: ProvisioningChain
    package let firmwarePort: Int
    package let clock: @Sendable () -> Double
    package let board: SignalBoard
    /// Where exports go before irreversible steps; `nil` only where nothing outlives the process.
    package let recovery: RecoveryShelf?
    /// What DHCP option 15 gives to new machines; `nil` when that is not known.
    package var domain: Hostname?
    private let nonces = NonceBook()
    /// Told at the end of each attempt: the job, the requests and handshakes it used.
    package var measured: @Sendable (JobRecord, _ requests: Int, _ handshakes: Int) -> Void = { _, _, _ in }

    package init(
        store: any ServerCore.Store, vault: Vault, client: CurlClient, authority: any CertificateAuthority,
        chain: ProvisioningChain, firmwarePort: Int, board: SignalBoard,
        recovery: RecoveryShelf? = nil, clock: @escaping @Sendable () -> Double
    ) {
        self.store = store
        self.vault = vault
        self.client = client
        self.authority = authority
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
        let target = try await target(of: job)
        let connection = FirmwareConnection(client, to: job.machine, nonces: nonces)
        let context = FirmwareContext(
            job: job, target: target, workshop: self, connection: connection, session: WSManSession(over: connection))
        let outcome = try await JobRunner(steps, journal: store).advance(job.id, in: context, while: goesOn)
        measured(job, await connection.requests, await connection.handshakes)
        if case .waiting(let failure)? = outcome, let late = try await late(job, failure) { return .failed(late) }
        return outcome
    }

    /// What a job that still waits has come to when its time is over.
    ///
    /// - Returns: `nil` while there is time.
    private func late(_ job: JobRecord, _ failure: Failure) async throws(Failure) -> Failure? {
        let ledger = JobMachine([], replaying: try await store.events(of: job.id)).outputs
        let unprovisioned = try JobLedger(ledger).outputIfDone(of: UnprovisionStep.self)?.at
        guard ledger[CommitStep.name] == nil, job.kind == .provision || unprovisioned != nil else {
            return clock() < job.created + AccountStep.lifetime
                ? nil
                : stuck(
                    "has not ended in 30 days, the life of its account", failure, "Look at the machine, then run sync.")
        }
        let (begun, window) = unprovisioned.map { ($0, UnprovisionStep.window) } ?? (job.created, 24.0 * 3600)
        guard clock() > begun + window else { return nil }
        return stuck(
            "has waited \(Int(window / 3600)) hours for a firmware in set-up, whose window is over by now", failure,
            "Have the machine open it again (`namesake-agent sync --start-configuration`, or MEBx), then run "
                + "`namesake-server devices retry \(job.machine)`.")
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
