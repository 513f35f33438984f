import Glibc
import Synchronization

/// The signals that ask a program to end, as a stream; from here on they end nothing by themselves.
///
/// A signal that was ignored when the program started, as `nohup` does, stays ignored.
///
/// - Returns: The numbers of signals as they come; none where the system refuses a pipe or a thread, and then signals end
///   the program as ever.
func interruptions() -> AsyncStream<Int32> {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return stream }
    let waiter = Unmanaged.passRetained(Waiter(readingFrom: ends[0], continuation))
    var thread = pthread_t()
    let outcome = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            Unmanaged<Waiter>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, waiter.toOpaque())
    guard outcome == 0 else {
        waiter.release()
        return stream
    }
    pthread_detach(thread)
    writingEnd.store(ends[1], ordering: .releasing)
    for number in [SIGINT, SIGTERM, SIGHUP] { take(number) }
    return stream
}

private func take(_ number: Int32) {
    var before = sigaction()
    sigaction(number, nil, &before)
    // SIG_IGN is the address 1 (signal.h); Swift imports no function pointer for it.
    guard unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) != 1 else { return }
    var action = sigaction()
    action.__sigaction_handler.sa_handler = passOn
    action.sa_flags = SA_RESTART
    sigaction(number, &action, nil)
}

/// Where the handler writes; stored before any handler is installed, so that no handler is the first to touch it.
private let writingEnd = Atomic<Int32>(-1)

/// Runs in the signal: one `write`, and errno as it was.
private let passOn: @convention(c) (Int32) -> Void = { signal in
    let kept = errno
    var number = UInt8(truncatingIfNeeded: signal)
    _ = write(writingEnd.load(ordering: .acquiring), &number, 1)
    errno = kept
}

/// Reads numbers from the pipe on a thread of its own, to the end of the program.
private final class Waiter: Sendable {
    private let descriptor: Int32
    private let continuation: AsyncStream<Int32>.Continuation

    init(readingFrom descriptor: Int32, _ continuation: AsyncStream<Int32>.Continuation) {
        self.descriptor = descriptor
        self.continuation = continuation
    }

    func run() {
        // Whoever started this program may have blocked them; one thread that does not is enough.
        var wanted = sigset_t()
        sigemptyset(&wanted)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&wanted, number) }
        pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
        while true {
            var number: UInt8 = 0
            let count = read(descriptor, &number, 1)
            if count == 1 { continuation.yield(Int32(number)) }
            if count == 0 || (count < 0 && errno != EINTR) { return continuation.finish() }
        }
    }
}
