import Synchronization

/// Lets so many callers in at a time, one where nothing else is said, in the order in which they came.
///
/// An actor does not do this: while it waits for the network, the next caller enters.
package final class Turnstile: Sendable {
    private struct State {
        var free: Int
        var lastTicket: UInt64 = 0
        var waiting: [(ticket: UInt64, caller: CheckedContinuation<Bool, Never>)] = []
    }

    private let state: Mutex<State>

    /// - Parameter places: How many callers may be inside at once.
    package init(places: Int = 1) { state = Mutex(State(free: places)) }

    /// Waits for the caller's turn.
    ///
    /// - Returns: `false` when the task was cancelled before its turn came; then ``leave()`` must not be called.
    package func enter() async -> Bool {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                let verdict: Bool? = state.withLock { state in
                    // Cancelled already: the handler below has run or waits for this lock, and will find nobody.
                    if Task.isCancelled { return false }
                    if state.free > 0 {
                        state.free -= 1
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
    package func leave() {
        let next: CheckedContinuation<Bool, Never>? = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().caller
        }
        next?.resume(returning: true)
    }
}
