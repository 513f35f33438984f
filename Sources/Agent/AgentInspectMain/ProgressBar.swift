import AgentCore
import Glibc

/// How far the reading of a disk is, on a terminal.
struct ProgressBar {
    private let name: String
    private let isShown = isatty(STDERR_FILENO) == 1
    private var step: Substring = ""
    private var began = ContinuousClock.now

    init(_ name: String) { self.name = name }

    /// - Parameter line: `p`, a step, bytes done, bytes planned; anything else is not shown, since its sender has read what a
    ///   stranger wrote.
    mutating func show(_ line: String) {
        let words = line.split(separator: " ")
        guard isShown, words.count == 4, let part = UInt64(words[2]), let whole = UInt64(words[3]), part > 0,
            part <= whole
        else { return }
        let (done, planned) = (Double(part), Double(whole))
        if words[1] != step {
            step = words[1]
            began = .now
        }
        let elapsed = began.duration(to: .now) / .seconds(1)
        let filled = Int(done / planned * 20)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
        var text = "\(printable(name)) \(printable(String(step))) [\(bar)] \(Int(done / planned * 100)) %"
        if elapsed > 1 {
            let rate = done / elapsed
            // A day at the most: no disk is worth more digits.
            let left = Int(min((planned - done) / rate, 86_400))
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
