import CryptoExtras
import Foundation
import Synchronization

/// RSA pairs of 2048 bits, made ahead of need on a thread of their own.
///
/// Making one takes long enough to hold an event loop up, and with thousands of devices in one process even a thread for
/// each would be too much.
final class KeyPool: Sendable {
    private struct State: Sendable {
        var keys: [RSAKey] = []
        var shared: [RSAKey] = []
        var isMaking = false
    }

    private let state = Mutex(State())
    private let size: Int

    /// - Parameter size: How many lie ready at most.
    init(size: Int) {
        self.size = size
        refill()
    }

    /// A pair that nobody had before.
    ///
    /// - Returns: `nil` when none is ready: the firmware then makes its own, and takes its time.
    func take() -> RSAKey? {
        let key = state.withLock { $0.keys.popLast() }
        refill()
        return key
    }

    /// One of a few pairs that devices of a fleet share for the certificates they make for themselves.
    ///
    /// Nobody verifies those; a pair for each of ten thousand devices would take a quarter of an hour.
    func shared(_ number: Int) throws -> RSAKey {
        let known = state.withLock { $0.shared }
        guard known.count < Self.sharedPairs else { return known[number % Self.sharedPairs] }
        let made = try RSAKey(keySize: .bits2048)
        state.withLock { if $0.shared.count < Self.sharedPairs { $0.shared.append(made) } }
        return made
    }

    private static let sharedPairs = 8

    private func refill() {
        let starts = state.withLock { state in
            guard !state.isMaking, state.keys.count < size else { return false }
            state.isMaking = true
            return true
        }
        guard starts else { return }
        Thread.detachNewThread { [weak self] in
            while let self, isShort() {
                // Without one that lies ready the firmware makes its pair when asked.
                guard let key = try? RSAKey(keySize: .bits2048) else { break }
                state.withLock { $0.keys.append(key) }
            }
            self?.state.withLock { $0.isMaking = false }
        }
    }

    private func isShort() -> Bool { state.withLock { $0.keys.count < size } }
}
