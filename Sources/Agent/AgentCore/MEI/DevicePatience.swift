import Glibc

/// How long the device is waited for.
///
/// The defaults are at least as patient as the peers: LMS waits 15 s for an answer, rpc-go tries eight times to connect
/// with pauses of 750 ms × n.
package struct DevicePatience: Sendable {
    /// How often a busy device, or one that is just resetting, is tried.
    package var tries = 8
    /// The first pause between tries; the nth is n times as long.
    package var pause: Duration = .milliseconds(750)
    /// The longest that all pauses together may take.
    package var limit: Duration = .seconds(25)
    /// What a management engine gets after a reset before the device is opened again.
    package var settle: Duration = .milliseconds(300)
    /// For one answer, and for the answer to connecting over a socket.
    package var answer: Duration = .seconds(15)

    package init() {}

    /// The same, with nothing waited for longer than this.
    package func within(_ duration: Duration) -> DevicePatience {
        var patience = self
        patience.limit = min(limit, duration)
        patience.answer = min(answer, duration)
        return patience
    }

    /// The pause before the next try after this many, `nil` when it was the last one or the next would come too late.
    func pause(afterTry count: Int, since start: ContinuousClock.Instant) -> Duration? {
        guard count < tries else { return nil }
        let next = pause * count
        return ContinuousClock.now + next <= start + limit ? next : nil
    }
}

/// Blocks the calling thread.
func rest(_ duration: Duration) {
    let parts = duration.components
    var left = timespec(tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
    var rest = timespec()
    while nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
}

extension Duration {
    /// For `poll`, rounded up, never negative.
    var milliseconds: CInt {
        let parts = components
        guard parts.seconds >= 0, parts.attoseconds >= 0 else { return 0 }
        return CInt(clamping: parts.seconds * 1000 + (parts.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
