/// Bounds what one source may cost the hello listener.
///
/// A firmware says hello once a minute at most, over a connection of its own; a source that opens many at once, or comes
/// back faster than any schedule, is not listened to for a while. Times are seconds, handed in.
package struct HelloLimits: Sendable {
    /// How many connections one address may have open.
    package var openPerSource = 4
    /// How many connections one address may open within ``window``.
    package var perWindow = 60
    package var window = 60.0
    /// How many connections may be open in all.
    package var openInAll = 2000

    private var sources: [String: (open: Int, started: Double, count: Int)] = [:]
    private var open = 0

    package init() {}

    /// Whether a new connection from this address is taken; if so, ``closed(_:)`` is owed.
    package mutating func admits(_ source: String, now: Double) -> Bool {
        var entry = sources[source] ?? (open: 0, started: now, count: 0)
        if now - entry.started >= window { entry = (entry.open, now, 0) }
        guard open < openInAll, entry.open < openPerSource, entry.count < perWindow else { return false }
        entry.open += 1
        entry.count += 1
        sources[source] = entry
        open += 1
        if sources.count > 10_000 { forgetIdle(now) }
        return true
    }

    package mutating func closed(_ source: String) {
        guard var entry = sources[source], entry.open > 0 else { return }
        entry.open -= 1
        sources[source] = entry
        open -= 1
    }

    private mutating func forgetIdle(_ now: Double) {
        sources = sources.filter { $0.value.open > 0 || now - $0.value.started < window }
    }
}
