package import Vocabulary

/// A job, by the number that the store gave it.
package struct JobID: Hashable, Codable, Sendable, CustomStringConvertible {
    package let number: Int64
    package init(_ number: Int64) { self.number = number }
    package init?(_ text: String) {
        guard let number = Int64(text), number > 0 else { return nil }
        self.number = number
    }
    package var description: String { "\(number)" }
}

/// The name of a step, as the journal keeps it; never renamed.
package struct StepName: RawRepresentable, Hashable, Codable, Sendable, ExpressibleByStringLiteral {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package init(stringLiteral value: String) { rawValue = value }
}

/// One line of a job's journal: an intent or an outcome.
package enum JobEvent: Hashable, Codable, Sendable {
    /// Written before the step does anything.
    case began(StepName)
    /// The output is JSON without secrets.
    case succeeded(StepName, output: String)
    case failed(StepName, Failure)
    /// A person lets a failed job go on from where it stopped.
    case retried
    /// A person wants no more of it; too late once a step has begun that cannot be taken back.
    case cancelled(reason: String)
    /// A person decided on a held job, for a reason that people can read.
    case decided(approved: Bool, reason: String)
}
