import AgentCore
import Glibc

/// Asks `namesake-agent-local` for what only the firmware's own WS-Man tells.
///
/// It is another program because it needs OpenSSL and libxml2. `status` goes on without it.
///
/// - Parameters:
///   - arguments: Those of `local`.
///   - seconds: How long it may take; then it is ended.
/// - Returns: Its names, or why there are none.
func localNames(_ arguments: [String], within seconds: Int = 40) -> LocalNames {
    guard let path = helper("namesake-agent-local") else {
        return LocalNames(unreadable: "namesake-agent-local is not installed")
    }
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { return LocalNames(unreadable: "no pipe: error \(errno)") }
    let (reading, writing) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(reading) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, writing, STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var words: [UnsafeMutablePointer<CChar>?] = ([path, "local", "--json"] + arguments).map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var child = pid_t()
    let outcome = posix_spawn(&child, path, &actions, nil, words, environ)
    close(writing)
    guard outcome == 0 else { return LocalNames(unreadable: "\(path) cannot be run: error \(outcome)") }
    let (output, isWhole) = everything(from: reading, until: .now + .seconds(seconds))
    if !isWhole { kill(child, SIGKILL) }
    var status: CInt = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return isWhole
        ? LocalNames(json: output) : LocalNames(unreadable: "the firmware's WS-Man took longer than \(seconds) s")
}

private func everything(from descriptor: CInt, until end: ContinuousClock.Instant) -> ([UInt8], Bool) {
    var (output, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 16_384))
    while output.count < 1 << 20 {
        let left = (end - .now).components
        guard left.seconds >= 0 else { return (output, false) }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&entry, 1, CInt(clamping: left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1))
        if ready <= 0 { continue }
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return (output, count == 0) }
        output += buffer.prefix(count)
    }
    return (output, false)
}
