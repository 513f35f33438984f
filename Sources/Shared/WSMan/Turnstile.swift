import Synchronization

/// Lets one caller in at a time, in the order in which they came.
///
/// An actor does not do this: while it waits for the network, the next caller enters.
final class Turnstile: Sendable {
    private struct State {
        var occupied = false
        var lastTicket: UInt64 = 0
        var waiting: [(ticket: UInt64, caller: CheckedContinuation<Bool, Never>)] = []
    }

    private let state = Mutex(State())

    /// Waits for the caller's turn.
    ///
    /// - Returns: `false` when the task was cancelled before its turn came; then ``leave()`` must not be called.
    func enter() async -> Bool {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                let verdict: Bool? = state.withLock { state in
                    // Cancelled already: the handler below has run or waits for this lock, and will find nobody.
                    if Task.isCancelled { return false }
                    guard state.occupied else {
                        state.occupied = true
                        return true
                    }
                    state.waiting.append((ticket, caller))
                    return nil
                }
                if let verdict { caller.resume(returning: verdict) }
            }
        } onCancel: {
            let caller: CheckedContinuation<Bool, Never>? = state.withLock { state in
                guard let place = state.waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
                return state.waiting.remove(at: place).caller
            }
            caller?.resume(returning: false)
        }
    }

    /// Ends the caller's turn and begins the next one's.
    func leave() {
        let next: CheckedContinuation<Bool, Never>? = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.occupied = false
                return nil
            }
            return state.waiting.removeFirst().caller
        }
        next?.resume(returning: true)
    }
}
