package import Vocabulary
package import Wire

/// What the agent's routes ask of the server.
package protocol AgentService: Sendable {
    /// Returns where this build token may speak for the machine, or may speak at all.
    func admit(token: Secret, for machine: MachineID?) async throws(Failure)
    /// Returns where this build token has spoken for the job's machine, or there is no such job.
    func admit(token: Secret, toJob job: String) async throws(Failure)
    func take(_ report: Report) async throws(Failure) -> Directive
    /// Returns where the machine may have that name.
    func take(_ expectation: Expectation) async throws(Failure)
    /// Takes what was found on a machine's disks.
    func take(_ inspection: Inspection) async throws(Failure)
    func progress(of job: String) async throws(Failure) -> JobProgress?
    /// Both are idempotent; `false` when there is no such job.
    func echoWritten(_ job: String) async throws(Failure) -> Bool
    func echoRestored(_ job: String) async throws(Failure) -> Bool
}
