import AMTHI
import FoundationEssentials
import Glibc
import Vocabulary
package import Wire

/// `namesake-agent-local`: it speaks WS-Man with the machine's own firmware, and gives one JSON answer.
///
/// It is another program because it needs libxml2 and OpenSSL. No shell is between, and its environment is empty.
package struct LocalProgram: Hashable, Sendable {
    package var path: String
    package var arguments: [String]
    /// Longer than two exchanges with a slow firmware take.
    package var patience: Duration

    package init(_ path: String, _ arguments: [String], patience: Duration = .seconds(90)) {
        self.path = path
        self.arguments = arguments
        self.patience = patience
    }

    /// The answer to a challenge is a few thousand bytes, names and certificate not much more.
    private static let longestAnswer = 64 * 1024

    /// Gives the program the server's nonce and reads its answer.
    func prove(nonce: String) -> BoardProof {
        switch ask(Array("\(nonce)\n".utf8)) {
        case .failure(let problem): return BoardProof(problem: problem.text)
        case .success(let answer):
            // Its own words come through only as an answer of the form that both know.
            do { return try JSONDecoder().decode(BoardProof.self, from: Data(answer)) } catch {
                return BoardProof(problem: "namesake-agent-local gave \(answer.count) bytes that are no answer")
            }
        }
    }

    /// What only the firmware's own WS-Man tells.
    ///
    /// - Returns: Its names, or why there are none.
    package func names() -> LocalNames {
        switch ask([]) {
        case .failure(let problem): LocalNames(unreadable: problem.text)
        case .success(let answer): LocalNames(json: answer)
        }
    }

    private struct Problem: Error {
        var text: String
        init(_ text: String) { self.text = text }
    }

    private func ask(_ line: [UInt8]) -> Result<[UInt8], Problem> {
        guard access(path, X_OK) == 0 else { return .failure(Problem("\(path) is not there or cannot be run")) }
        var (input, output) = ([Int32](repeating: -1, count: 2), [Int32](repeating: -1, count: 2))
        // A socket, because a program that has ended already would end the writer of a pipe by SIGPIPE.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &input) == 0 else {
            return .failure(Problem("no pair of sockets: error \(errno)"))
        }
        defer { for end in input where end >= 0 { close(end) } }
        guard pipe(&output) == 0 else { return .failure(Problem("no pipe: error \(errno)")) }
        defer { for end in output where end >= 0 { close(end) } }
        for end in input + output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        guard let process = spawn(input[0], output[1]) else {
            return .failure(Problem("namesake-agent-local could not be started"))
        }
        for end in [input[0], output[1]] { close(end) }
        (input[0], output[1]) = (-1, -1)
        // Shorter than a socket's room: it never blocks. A program that has ended by then says so by its answer.
        _ = line.withUnsafeBytes { send(input[1], $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        close(input[1])
        input[1] = -1
        let answer = listen(output[0])
        if answer == nil { kill(process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard let answer else { return .failure(Problem("namesake-agent-local gave no answer in \(patience)")) }
        guard !answer.isEmpty else {
            // WIFSIGNALED and WEXITSTATUS, which are macros.
            let how = status & 0x7F == 0 ? "ended with status \(status >> 8)" : "was ended by signal \(status & 0x7F)"
            return .failure(Problem("namesake-agent-local \(how) and gave no answer"))
        }
        return .success(answer)
    }

    private func spawn(_ input: Int32, _ output: Int32) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        // What it says to people is said again by this program, through the answer.
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        // The threads of this program block signals, and the other would start with them blocked: no one could end it.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words: [UnsafeMutablePointer<CChar>?] = (["namesake-agent-local"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var process: pid_t = 0
        return posix_spawn(&process, path, &actions, &attributes, &words, &environment) == 0 ? process : nil
    }

    /// - Returns: All that came until its end; `nil` where that is too late or too much.
    private func listen(_ descriptor: Int32) -> [UInt8]? {
        let deadline = ContinuousClock.now + patience
        var (answer, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 8192))
        while answer.count <= Self.longestAnswer {
            let left = (deadline - .now).components
            guard left.seconds >= 0, left.attoseconds >= 0 else { return nil }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, Int32(left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { continue }
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return answer }
            answer += buffer.prefix(count)
        }
        return nil
    }
}

extension DevicePort {
    package func prove(nonce: String) async -> BoardProof {
        guard let localProgram else {
            return BoardProof(problem: "this agent has no program for the firmware's WS-Man")
        }
        do throws(Failure) {
            return try await onOwnThread { () throws(HostInterfaceFault) in localProgram.prove(nonce: nonce) }
        } catch { return BoardProof(problem: error.message) }
    }
}
