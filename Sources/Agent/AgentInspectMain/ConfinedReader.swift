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
    /// So long nothing may be heard, in milliseconds: an ailing disk tries long before it fails a read.
    private static let patience: Int32 = 60_000

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
        let (report, silence) = listen(type, to: ends[0])
        if report == nil { kill(process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        if let silence { return .unproved(silence) }
        guard status == 0, let report else { return .unproved("its reader ended early (status \(status))") }
        return .report(report)
    }

    private func spawn(output: Int32) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
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
    ) -> (report: Report?, silence: String?) {
        var bar = ProgressBar(name)
        defer { bar.clear() }
        var pending: [UInt8] = []
        var report: Report?
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, Self.patience)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return (nil, "its reader was silent for \(Self.patience / 1000) seconds") }
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return (report, nil) }
            pending += buffer.prefix(count)
            // Far more than any report.
            guard pending.count < 4 << 20 else { return (nil, "its reader said too much") }
            while let end = pending.firstIndex(of: 10) {
                let line = pending[..<end]
                if line.starts(with: Array("r ".utf8)) {
                    do { report = try JSONDecoder().decode(type, from: Data(line.dropFirst(2))) } catch {
                        return (nil, "its reader's report cannot be read")
                    }
                } else {
                    bar.show(String(decoding: line, as: UTF8.self))
                }
                pending.removeSubrange(...end)
            }
        }
    }
}
