import AgentCore
import Glibc

/// How far the reading of a disk is, on a terminal.
struct ProgressBar {
    private let name: String
    private let isShown = isatty(STDERR_FILENO) == 1
    private var step: Substring = ""
    private var began = ContinuousClock.now

    init(_ name: String) { self.name = name }

    /// - Parameter line: `p`, a step, bytes done, bytes planned.
    mutating func show(_ line: String) {
        let words = line.split(separator: " ")
        guard isShown, words.count == 4, let done = Double(words[2]), let planned = Double(words[3]), planned > 0 else {
            return
        }
        if words[1] != step {
            step = words[1]
            began = .now
        }
        let elapsed = began.duration(to: .now) / .seconds(1)
        let filled = Int(min(1, done / planned) * 20)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
        var text = "\(printable(name)) \(step) [\(bar)] \(Int(done / planned * 100)) %"
        if elapsed > 1 {
            let rate = done / elapsed
            let left = Int((planned - done) / rate)
            let seconds = left % 60
            text += "  \(Int(rate / 1_000_000)) MB/s, \(left / 60):\(seconds < 10 ? "0" : "")\(seconds) left"
        }
        draw(text)
    }

    func clear() { if isShown { draw("") } }

    /// What a terminal does not take is of no use later.
    private func draw(_ text: String) {
        let bytes = Array(("\r\u{1B}[K" + text).utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
