package import Vocabulary
package import Wire

/// What the agent's routes ask of the server.
package protocol AgentService: Sendable {
    /// Whether this build token may speak at all.
    func admits(token: Secret) async throws(Failure) -> Bool
    func take(_ report: Report) async throws(Failure) -> Directive
    /// Returns where the machine may have that name.
    func take(_ expectation: Expectation) async throws(Failure)
    func progress(of job: String) async throws(Failure) -> JobProgress?
    /// Both are idempotent; `false` when there is no such job.
    func echoWritten(_ job: String) async throws(Failure) -> Bool
    func echoRestored(_ job: String) async throws(Failure) -> Bool
}
