package import Fleet
package import Jobs
package import Vocabulary

/// A job as a person can act on it: names before and after, timeline, last credential proved, one next action.
package struct JobPage: Codable, Sendable {
    package var job: JobRecord
    package var steps: [String]
    package var lines: [JournalLine]
    /// What the firmware was called; `nil` where the job has not looked, or it was not managed.
    package var formerName: String?
    /// What it is called when the job is done; `nil` where the job gives no name.
    package var name: String?
    /// Why the job takes this road, where that was a choice.
    package var route: String?
    package var credential: Credential?
    /// The board that has signed for the job's claim.
    package var board: ProvedBoard?
    package var nextAction: String

    /// Whom the firmware has let in last.
    package struct Credential: Codable, Sendable {
        /// The digest user; `nil` for our provisioning certificate.
        package var user: String?
        /// In seconds since 1970.
        package var time: Double
        package var title: String
    }

    package init(job: JobRecord, lines: [JournalLine], record: DeviceRecord?) throws(Failure) {
        self.job = job
        self.lines = lines
        steps = JobKinds.steps(of: job.kind).map(\.rawValue)
        let outputs = JobLedger(JobKinds.machine(of: job.kind, replaying: lines.map(\.event)).outputs)
        formerName = try outputs.outputIfDone(of: ObserveFirmwareStep.self)?.formerName
        board = try outputs.outputIfDone(of: ObserveFirmwareStep.self)?.board
        let claim = try job.claim
        route = claim?.why
        switch job.kind {
        case .provision: name = try decoded(ProvisionParameters.self, job.parameters).name.text
        case .rename, .reprovision: name = claim?.claim.text
        case .renew: name = record?.name.text
        default: name = nil
        }
        credential = lines.flatMap(\.requests).last { $0.result == "200" }.map {
            Credential(user: $0.user, time: $0.time, title: $0.title)
        }
        nextAction = Self.nextAction(for: job)
    }

    private static func nextAction(for job: JobRecord) -> String {
        switch job.state {
        case .done: "Nothing."
        case .queued, .running: "Nothing: it goes on by itself."
        case .waiting: job.failure?.hint ?? "Nothing: it is tried again by itself."
        case .failed:
            job.failure?.hint ?? "Mend what the failure says, then `namesake-server jobs retry \(job.id)`."
        case .held:
            job.failure?.hint ?? "`namesake-server jobs approve \(job.id)`, or `jobs reject \(job.id) --reason …`."
        }
    }
}
