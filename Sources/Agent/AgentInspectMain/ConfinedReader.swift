import AgentCore
import FoundationEssentials
import Glibc

/// A process that reads what a stranger has written, in chains, and answers with one report.
struct ConfinedReader {
    /// For ``Examiner``.
    var arguments: [String]
    /// The disk, open for reading only; the caller's.
    var descriptor: Int32
    /// For the progress bar.
    var name: String
    /// So long nothing may be heard, in seconds: an ailing disk tries long before it fails a read.
    var patience: Int

    enum Outcome<Report> {
        case report(Report)
        /// It died, fell silent or said something else, and so has proved nothing.
        case unproved(String)
    }

    /// Starts it, and waits for its report.
    func report<Report: Decodable>(_ type: Report.Type) -> Outcome<Report> {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return .unproved("no pipe: error \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        let process = spawn(output: ends[1])
        close(ends[1])
        guard let process else { return .unproved("its reader could not be started") }
        let heard = listen(type, to: ends[0])
        if heard.report == nil { kill(process, SIGKILL) }
        let status = Self.status(of: process)
        if let silence = heard.silence { return .unproved(silence) }
        guard status == 0, let report = heard.report else {
            // As WTERMSIG and WEXITSTATUS, which are macros.
            let end =
                status.map { $0 & 0x7F == 0 ? "status \($0 >> 8 & 0xFF)" : "signal \($0 & 0x7F)" } ?? "still there"
            return .unproved("its reader ended early (\(end))\(heard.words.map { ": \($0)" } ?? "")")
        }
        return .report(report)
    }

    /// Waits for the end of one that has said all, or was killed.
    ///
    /// One that waits for a dead disk cannot be killed. It is left behind: nothing may hang on it.
    ///
    /// - Returns: nil where it does not end within seconds.
    private static func status(of process: pid_t) -> Int32? {
        let deadline = ContinuousClock.now + .seconds(5)
        var status: Int32 = 0
        while true {
            switch waitpid(process, &status, WNOHANG) {
            case process: return status
            case 0 where ContinuousClock.now > deadline: return nil
            // There is nothing to wait on with a limit but the clock.
            case 0: poll(nil, 0, 5)
            default: if errno != EINTR { return nil }
            }
        }
    }

    private func spawn(output: Int32) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        // Not ours: one that is left behind would keep it open, and whoever waits for its end would wait for ever.
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        posix_spawn_file_actions_adddup2(&actions, descriptor, Examiner.descriptor)
        let words = ["namesake-agent-inspect"] + arguments
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for word in arguments { free(word) } }
        // An empty environment: nothing in there may change how a disk is read.
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var process: pid_t = 0
        return posix_spawn(&process, "/proc/self/exe", &actions, nil, &arguments, &environment) == 0 ? process : nil
    }

    /// Reads lines until the report, the end, or too long a silence.
    private func listen<Report: Decodable>(
        _ type: Report.Type, to descriptor: Int32
    ) -> (report: Report?, silence: String?, words: String?) {
        var bar = ProgressBar(name)
        defer { bar.clear() }
        var pending: [UInt8] = []
        var (report, words): (Report?, String?)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, Int32(clamping: patience * 1000))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return (nil, "its reader was silent for \(patience) seconds", nil) }
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return (report, nil, words) }
            pending += buffer.prefix(count)
            // Far more than any report.
            guard pending.count < 4 << 20 else { return (nil, "its reader said too much", nil) }
            while let end = pending.firstIndex(of: 10) {
                let line = pending[..<end]
                if line.starts(with: Array("r ".utf8)) {
                    do { report = try JSONDecoder().decode(type, from: Data(line.dropFirst(2))) } catch {
                        return (nil, "its reader's report cannot be read", nil)
                    }
                } else if line.starts(with: Array("p ".utf8)) {
                    bar.show(String(decoding: line, as: UTF8.self))
                } else if words == nil {
                    // The first complaint of one that fails.
                    words = String(decoding: line.prefix(200), as: UTF8.self)
                }
                pending.removeSubrange(...end)
            }
        }
    }
}
