import NIOCore

/// How long a device lets its clients wait.
///
/// Field reports say 100 to 500 ms for a request and 1 to 2 s for a handshake, of every generation; nobody published a
/// measured distribution, so it is uniform.
package struct Latency: Sendable {
    private var random: SeededRandom

    package init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// In seconds.
    mutating func ofRequest() -> Double { .random(in: 0.1...0.5, using: &random) }

    /// In seconds.
    mutating func ofHandshake() -> Double { .random(in: 1...2, using: &random) }
}

extension FirmwareHost {
    /// The same delivery, later where the device has a latency.
    func delayed(_ delivery: Delivery) -> Delivery {
        with { $0.latency?.ofRequest() }.map { .late($0, delivery) } ?? delivery
    }

    /// How long a new TLS connection rests before its handshake.
    func handshakeDelay() -> Double { with { $0.latency?.ofHandshake() } ?? 0 }
}
