/// Why a step, a request or a command did not do what was asked.
///
/// A failure outlives the process that met it: the job log keeps it, a report carries it, the command line prints it.
/// Its parts have different readers. ``code`` is for programs and is never renamed. ``message`` is for the log and
/// says what happened this time. ``hint`` is for the operator and says what to do. None of them may hold a secret.
package struct Failure: Error, Hashable, Codable, Sendable {
    package var code: Code
    package var message: String
    package var hint: String?
    package var remedy: Remedy

    package init(_ code: Code, _ message: String, hint: String? = nil, remedy: Remedy = .askOperator) {
        self.code = code
        self.message = message
        self.hint = hint
        self.remedy = remedy
    }

    /// A stable name of what went wrong, `area.what`; the set is open, because a later version may have written it.
    package struct Code: RawRepresentable, Hashable, Codable, Sendable, ExpressibleByStringLiteral {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package init(stringLiteral value: String) { rawValue = value }
    }

    /// Who can make the next attempt end differently.
    package enum Remedy: String, Codable, Sendable {
        /// Time: the engine tries again by itself.
        case wait
        /// The engine: what earlier steps did is gone, so it does it again, a few times at most.
        case startOver
        /// A person, by a yes or a no: the job keeps its place until then.
        case hold
        /// A person: the job stops and shows the hint.
        case askOperator
        /// Nobody: the machine or its firmware cannot do this.
        case giveUp
    }
}

extension Failure: CustomStringConvertible {
    package var description: String {
        "\(code.rawValue): \(message)" + (hint.map { " (\($0))" } ?? "")
    }
}
