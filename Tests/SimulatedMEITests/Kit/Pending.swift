import Dispatch
import Glibc
import Synchronization

/// What a thread of its own works out, in system calls that may block.
final class Pending<Value: Sendable>: Sendable {
    private struct State {
        var thread: pthread_t?
        /// Below `/proc`.
        var task: String?
        var value: Value?
    }
    private let state = Mutex(State())
    private let done = DispatchSemaphore(value: 0)

    /// Long enough for any machine; a test that gets here has failed.
    private static var deadline: DispatchTimeInterval { .seconds(60) }

    init(_ work: @escaping @Sendable () -> Value) throws {
        let started = DispatchSemaphore(value: 0)
        let context = Unmanaged.passRetained(
            Errand { [self] in
                var none = sigset_t()
                sigemptyset(&none)
                pthread_sigmask(SIG_SETMASK, &none, nil)
                state.withLock { state in
                    state.thread = pthread_self()
                    state.task = thisThread()
                }
                started.signal()
                let value = work()
                state.withLock { $0.value = value }
                done.signal()
            })
        var thread = pthread_t()
        let outcome = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Errand>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard outcome == 0 else {
            context.release()
            throw Trouble("pthread_create: \(outcome)")
        }
        pthread_detach(thread)
        try Self.wait(for: started, "the thread to start")
    }

    /// - Throws: ``Trouble`` where the thread is still at it after a minute.
    func value() throws -> Value {
        try Self.wait(for: done, "the thread's answer")
        guard let value = state.withLock({ $0.value }) else { throw Trouble("the thread gave nothing") }
        return value
    }

    /// Returns once the thread sleeps in the kernel; its work has nothing else in it that sleeps.
    func untilBlocked() throws -> Self {
        guard let task = state.withLock({ $0.task }) else { throw Trouble("the thread has not started") }
        var start = timespec()
        clock_gettime(CLOCK_MONOTONIC, &start)
        while true {
            if try Self.isAsleep(task) { return self }
            guard state.withLock({ $0.value == nil }) else { throw Trouble("the thread did not wait at all") }
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            guard now.tv_sec - start.tv_sec < 60 else { throw Trouble("the thread never waits") }
            sched_yield()
        }
    }

    func interrupt(_ signal: CInt) {
        guard let thread = state.withLock({ $0.thread }) else { return }
        pthread_kill(thread, signal)
    }

    private static func isAsleep(_ task: String) throws -> Bool {
        let descriptor = open("/proc/\(task)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = read(descriptor, &bytes, bytes.count)
        // "id (name) state …"; the name may hold anything.
        guard count > 0, let end = bytes.prefix(count).lastIndex(of: UInt8(ascii: ")")), end + 2 < count else {
            return false
        }
        return bytes[end + 2] == UInt8(ascii: "S")
    }

    private static func wait(for event: DispatchSemaphore, _ what: String) throws {
        guard event.wait(timeout: .now() + deadline) == .success else { throw Trouble("waited a minute for \(what)") }
    }
}

/// The calling thread's folder below `/proc`.
private func thisThread() -> String? {
    var target = [CChar](repeating: 0, count: 128)
    let count = readlink("/proc/thread-self", &target, target.count)
    guard count > 0 else { return nil }
    return String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

private final class Errand: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
