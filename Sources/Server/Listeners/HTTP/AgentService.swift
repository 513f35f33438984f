package import Vocabulary
package import Wire

/// What the agent's routes ask of the server.
package protocol AgentService: Sendable {
    /// Returns where who shows this may speak for the machine, or may speak at all.
    func admit(_ credential: AgentCredential, for machine: MachineID?) async throws(Failure)
    /// Returns where who shows this has spoken for the job's machine, or there is no such job.
    func admit(_ credential: AgentCredential, toJob job: String) async throws(Failure)
    /// Takes a report that came from an address, without a port.
    func take(_ report: Report, from address: String?) async throws(Failure) -> Directive
    /// Returns where the machine may have that name.
    func take(_ expectation: Expectation) async throws(Failure)
    /// Takes what was found on a machine's disks.
    func take(_ inspection: Inspection) async throws(Failure)
    /// Gives a machine's agent a certificate of its own.
    func take(_ order: CertificateOrder, from credential: AgentCredential) async throws(Failure) -> IssuedCertificate
    func progress(of job: String) async throws(Failure) -> JobProgress?
    /// Takes the answer to a job's challenge, once; `false` when there is no such job.
    func take(_ proof: BoardProof, about job: String) async throws(Failure) -> Bool
    /// Both are idempotent; `false` when there is no such job.
    func echoWritten(_ job: String) async throws(Failure) -> Bool
    func echoRestored(_ job: String) async throws(Failure) -> Bool
}
