import Vocabulary
import Wire

/// Tells how far the job is: on a terminal one line that is drawn again and again, elsewhere a line for every change.
package struct ProgressDisplay: SyncDisplay {
    package enum Style: Sendable {
        case redrawn
        case lines
    }

    private let style: Style
    private let write: (String) -> Void
    private let elapsed: () -> Duration
    private var last = ""

    /// - Parameters:
    ///   - style: Where the text goes to.
    ///   - elapsed: The time since the beginning.
    ///   - write: Puts text out as it is.
    package init(_ style: Style, elapsed: @escaping () -> Duration, write: @escaping (String) -> Void) {
        self.style = style
        self.elapsed = elapsed
        self.write = write
    }

    package mutating func show(_ news: SyncNews) {
        let seconds = elapsed().components.seconds
        if let text = Self.text(news) {
            guard text != last else { return redraw(seconds) }
            last = text
            if style == .lines { return write("[\(seconds) s] \(text)\n") }
        }
        redraw(seconds)
    }

    /// Takes the redrawn line away, so that what follows starts on an empty one.
    package func end() {
        if style == .redrawn, !last.isEmpty { write("\r\u{1B}[K") }
    }

    private func redraw(_ seconds: Int64) {
        guard style == .redrawn, !last.isEmpty else { return }
        // A line that wraps could not be drawn again; 79 columns fit everywhere.
        let room = 79 - "\(seconds) s".count - 3
        write("\r\u{1B}[K\(last.count > room ? String(last.prefix(room - 1)) + "…" : last) · \(seconds) s")
    }

    private static func text(_ news: SyncNews) -> String? {
        switch news {
        case .tick: nil
        case .wroteEcho: "proof of the machine: name for the server written"
        case .restored: "proof of the machine: true name written back"
        case .started: "the firmware's set-up interface is open; it asks its provisioning server now"
        case .provedBoard(nil): "proof of the machine: the board's signature told to the server"
        case .provedBoard(let problem?): "proof of the machine: no signature of the board: \(printable(problem))"
        case .setback(let failure): "trying again: \(printable(failure.message))"
        case .progress(let progress): text(progress)
        }
    }

    /// `step 3 of 7: install-certificate`, or the job's state before its first step and after its last.
    private static func text(_ progress: JobProgress) -> String {
        let name = "job \(progress.job)"
        let steps = progress.steps
        if let index = steps.firstIndex(where: { $0.state == "running" || $0.state == "failed" }) {
            let state = steps[index].state == "failed" ? " failed" : ""
            return "\(name) step \(index + 1) of \(steps.count): \(printable(steps[index].name))\(state)"
        }
        let done = steps.count { $0.state == "done" }
        return
            "\(name) \(progress.state.rawValue), \(done) of \(steps.count) steps done: \(printable(progress.message))"
    }
}
