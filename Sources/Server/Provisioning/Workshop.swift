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
    private let nonces = NonceBook()
    /// Told at the end of each attempt: the job, the requests and handshakes it used.
    package var measured: @Sendable (JobRecord, _ requests: Int, _ handshakes: Int) -> Void = { _, _, _ in }

    package init(
        store: any ServerCore.Store, vault: Vault, client: CurlClient, authority: any CertificateAuthority,
        chain: ProvisioningChain, firmwarePort: Int, board: SignalBoard, clock: @escaping @Sendable () -> Double
    ) {
        self.store = store
        self.vault = vault
        self.client = client
        self.authority = authority
        self.chain = chain
        self.firmwarePort = firmwarePort
        self.board = board
        self.clock = clock
    }

    /// Carries a job as far as it goes now.
    ///
    /// - Returns: `nil` when it was told to pause between two steps.
    /// - Throws: When the store fails.
    package func advance(
        _ job: JobRecord, while goesOn: () -> Bool = { true }
    ) async throws(Failure) -> JobMachine.Outcome? {
        let target: Hostname
        let steps: [AnyStep<FirmwareContext>]
        switch job.kind {
        case .provision:
            target = try decoded(ProvisionParameters.self, job.parameters).name
            steps = ProvisionJob.steps
        case .rename:
            target = try decoded(RenameParameters.self, job.parameters).claim
            steps = RenameJob.steps
        default:
            return .failed(
                Failure(.jobStepUnknown, "this server knows no job of kind '\(job.kind.rawValue)'", remedy: .giveUp))
        }
        let connection = FirmwareConnection(client, to: job.machine, nonces: nonces)
        let context = FirmwareContext(
            job: job, target: target, workshop: self, connection: connection, session: WSManSession(over: connection))
        let outcome = try await JobRunner(steps, journal: store).advance(job.id, in: context, while: goesOn)
        measured(job, await connection.requests, await connection.handshakes)
        return outcome
    }
}
