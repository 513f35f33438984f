import Glibc

/// Runs `body` on a thread of its own: it blocks in system calls, for which the cooperative pool is not made.
///
/// - Throws: ``NodeFault`` where the system has no thread left; `body` does not run then.
func startThread(_ body: @escaping @Sendable () -> Void) throws(NodeFault) {
    final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let work = Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let outcome = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
            return nil
        }, work.toOpaque())
    guard outcome == 0 else {
        work.release()
        throw NodeFault("a thread for the node", errno: outcome)
    }
    pthread_detach(thread)
}
