import Glibc
import Synchronization

/// A program that was started with pipes for its output.
///
/// All that it writes is kept. One that does not end within a minute is killed, and its status says so.
package final class RunningProgram: Sendable {
    package struct Ending: Hashable, Sendable {
        /// The exit status; 128 and the signal's number when a signal ended it.
        package var status: Int32
        package var output: String
        package var complaints: String
    }

    package let process: Int32
    /// Standard output and standard error, for who reads them instead of calling ``ending()``.
    package let pipes: [Int32]
    /// What goes to its standard input, closed by ``closeInput()``; -1 where it takes none.
    package let input: Int32
    /// What comes from its standard output, when the caller reads that itself.
    package let output: Int32
    private let isReaped = Atomic(false)

    /// Of glibc since 2.34; Swift's import of its header leaves it out.
    private static let closesFrom =
        dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
            unsafeBitCast(
                $0, to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32).self)
        }

    /// - Parameters:
    ///   - path: The program.
    ///   - arguments: Without the program's name.
    ///   - takesInput: Whether it gets a pipe as its standard input; else it reads nothing.
    /// - Throws: ``Trouble``.
    package init(_ path: String, _ arguments: [String], takesInput: Bool = false) throws {
        var (into, out, err): ([Int32], [Int32], [Int32]) = ([-1, -1], [-1, -1], [-1, -1])
        // Closed on exec, or a program started at the same time would keep them open.
        for make in [{ pipe(&into) }, { pipe(&out) }, { pipe(&err) }] where make() != 0 {
            throw Trouble("pipe: \(errno)")
        }
        for end in into + out + err { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if takesInput {
            posix_spawn_file_actions_adddup2(&actions, into[0], 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, out[1], 1)
        posix_spawn_file_actions_adddup2(&actions, err[1], 2)
        // Not every socket of this process is closed on exec (NIO's accepted ones are not), and a connection lives as
        // long as the last one that has it.
        _ = Self.closesFrom?(&actions, 3)
        // The threads that tasks run on block most signals, and a program would start with them blocked.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var usual = sigset_t()
        sigemptyset(&usual)
        sigaddset(&usual, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var number: pid_t = 0
        var outcome = posix_spawn(&number, path, &actions, &attributes, &words, environ)
        // A program that this test has just copied: a child of another thread, between its fork and its exec, may still
        // have the copy open for writing.
        let deadline = ContinuousClock.now + .seconds(30)
        while outcome == ETXTBSY, ContinuousClock.now < deadline {
            sched_yield()
            outcome = posix_spawn(&number, path, &actions, &attributes, &words, environ)
        }
        for end in [into[0], out[1], err[1]] { close(end) }
        guard outcome == 0 else {
            for end in [into[1], out[0], err[0]] { close(end) }
            throw Trouble("\(path): error \(outcome)")
        }
        process = number
        if !takesInput { close(into[1]) }
        input = takesInput ? into[1] : -1
        output = out[0]
        pipes = [out[0], err[0]]
    }

    package func signal(_ number: Int32) { kill(process, number) }

    package func closeInput() { close(input) }

    /// Waits for the end and takes the status, as the system gives it.
    package func reap() -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        isReaped.store(true, ordering: .relaxed)
        return status
    }

    /// One that nobody waited for, as when a test throws: Swift Testing's watch over exit tests waits for any child,
    /// and an ended one that is never taken keeps it from seeing its own, for ever.
    deinit {
        guard !isReaped.load(ordering: .relaxed) else { return }
        kill(process, SIGKILL)
        _ = reap()
    }

    /// Waits for the end on a thread of its own.
    package func ending() async throws -> Ending {
        try await withCheckedThrowingContinuation { continuation in
            do { try onThread { [self] in continuation.resume(returning: collect()) } } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private func collect() -> Ending {
        var texts: [[UInt8]] = [[], []]
        var open = [true, true]
        let deadline = ContinuousClock.now + .seconds(60)
        while open.contains(true) {
            var entries = pipes.indices.map { pollfd(fd: open[$0] ? pipes[$0] : -1, events: Int16(POLLIN), revents: 0) }
            if poll(&entries, 2, 1000) < 0, errno != EINTR { break }
            if ContinuousClock.now > deadline { kill(process, SIGKILL) }
            for index in pipes.indices where entries[index].revents != 0 {
                var buffer = [UInt8](repeating: 0, count: 65_536)
                let count = read(pipes[index], &buffer, buffer.count)
                if count > 0 { texts[index] += buffer.prefix(count) } else { open[index] = false }
            }
        }
        for end in pipes { close(end) }
        let status = reap()
        return Ending(
            status: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F,
            output: String(decoding: texts[0], as: UTF8.self), complaints: String(decoding: texts[1], as: UTF8.self))
    }
}
