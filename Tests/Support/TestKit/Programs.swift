import AgentTestKit
import Glibc
import Synchronization

/// A program of this build, or of the system by its path, that runs on while a test goes on, with all that it printed.
package final class Program: Sendable {
    private let running: RunningProgram
    private let state = Mutex(State())
    private let lines: AsyncStream<String>

    private struct State: Sendable {
        var printed = ""
        var status: Int32?
        var waiting: [CheckedContinuation<Int32, Never>] = []
    }

    package init(_ name: String, _ arguments: [String]) throws {
        running = try RunningProgram(name.hasPrefix("/") ? name : product(name), arguments)
        let (lines, feed) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        try onThread { [self] in follow(feed) }
    }

    /// Reads both pipes to their ends, then takes the status.
    private func follow(_ feed: AsyncStream<String>.Continuation) {
        var open = running.pipes
        var rest = ""
        while !open.isEmpty {
            var entries = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, nfds_t(entries.count), -1) >= 0 || errno == EINTR else { break }
            for entry in entries where entry.revents != 0 {
                var buffer = [UInt8](repeating: 0, count: 65_536)
                let count = read(entry.fd, &buffer, buffer.count)
                if count <= 0 {
                    close(entry.fd)
                    open.removeAll { $0 == entry.fd }
                    continue
                }
                let text = String(decoding: buffer.prefix(count), as: UTF8.self)
                state.withLock { $0.printed += text }
                rest += text
                while let end = rest.firstIndex(of: "\n") {
                    feed.yield(String(rest[..<end]))
                    rest = String(rest[rest.index(after: end)...])
                }
            }
        }
        feed.finish()
        // Waits without taking the status: once that is taken, the number may be another process's, and `send` may
        // meet nothing between the two.
        var told = siginfo_t()
        while waitid(P_PID, id_t(running.process), &told, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        let (ended, waiting) = state.withLock { state in
            let status = running.reap()
            let ended = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
            state.status = ended
            defer { state.waiting = [] }
            return (ended, state.waiting)
        }
        for continuation in waiting { continuation.resume(returning: ended) }
    }

    package var process: Int32 { running.process }

    package var printed: String { state.withLock { $0.printed } }

    /// Returns when a line holds the words, not as the end of longer ones ("already" is not "ready").
    ///
    /// - Throws: ``Unexpected`` when the program ends before.
    package func awaitLine(_ words: String) async throws {
        for await line in lines {
            guard let found = line.firstRange(of: words) else { continue }
            if found.lowerBound == line.startIndex { return }
            if !line[line.index(before: found.lowerBound)].isLetter { return }
        }
        throw Unexpected("the program ended before it printed '\(words)':\n\(printed)")
    }

    /// The exit status once the program has ended; 128 and the signal's number when a signal ended it.
    package func ended() async -> Int32 {
        await withCheckedContinuation { continuation in
            let status: Int32? = state.withLock { state in
                if state.status == nil { state.waiting.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    package func send(_ signal: Int32) {
        state.withLock { if $0.status == nil { running.signal(signal) } }
    }

    package func stop() async {
        send(SIGTERM)
        _ = await ended()
    }
}

package struct Unexpected: Error, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// Runs a program to its end.
package func run(_ name: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
    let program = try Program(name, arguments)
    let status = await program.ended()
    return (status, program.printed)
}
