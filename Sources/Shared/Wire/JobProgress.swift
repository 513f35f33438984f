/// How far a job is, for the agent that follows it and for people.
package struct JobProgress: Hashable, Codable, Sendable {
    package enum State: String, Codable, Sendable {
        case queued, running, waiting, done, failed, held

        package var isFinal: Bool { self == .done || self == .failed || self == .held }
    }

    package struct Step: Hashable, Codable, Sendable {
        package var name: String
        /// `pending`, `running`, `waiting`, `done` or `failed`.
        package var state: String

        package init(name: String, state: String) {
            self.name = name
            self.state = state
        }
    }

    package var job: String
    package var kind: String
    package var state: State
    package var steps: [Step]
    package var echo: HostNameEcho?
    package var board: BoardChallenge?
    /// What happened, in one line.
    package var message: String
    /// What a person can do, when there is something.
    package var hint: String?

    package init(
        job: String, kind: String, state: State, steps: [Step], echo: HostNameEcho?, message: String,
        hint: String? = nil, board: BoardChallenge? = nil
    ) {
        self.job = job
        self.kind = kind
        self.state = state
        self.steps = steps
        self.echo = echo
        self.board = board
        self.message = message
        self.hint = hint
    }
}

/// The body of every answer that is not a success (HTTP 400 to 599).
package struct Problem: Hashable, Codable, Sendable {
    package var code: String
    package var message: String
    package var hint: String?

    package init(code: String, message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
