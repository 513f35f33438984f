import Glibc
import Synchronization

/// A ``PlainFirmware`` behind a SOCK_SEQPACKET socket, with mishaps on demand; a real peer for `--device unix:PATH`.
///
/// The first packet of a connection is the client's GUID; it is answered with an errno in four bytes and, when that is 0,
/// with sixteen bytes of properties.
package final class SocketFirmware: Sendable {
    package enum Reaction: Sendable {
        case message([UInt8])
        case silence
        case hangUp
    }

    /// What happens to the nth message, counted from 1 over all connections; `nil` for the firmware's own answer.
    package typealias Script = @Sendable (_ number: Int, _ request: [UInt8], inout PlainFirmware) -> Reaction?

    private struct State: Sendable {
        var firmware: PlainFirmware
        /// The errno of each connection to come; 0 accepts.
        var connecting: [Int32]
        var connections = 0
        var messages = 0
        var requests: [[UInt8]] = []
    }

    package let path: String
    private let folder: TemporaryFolder
    private let state: Mutex<State>
    private let script: Script
    private let listener: Int32
    private let stopping: [Int32]

    /// - Parameters:
    ///   - folder: Where the socket is made.
    ///   - firmware: Its state at the start.
    ///   - connecting: The errno of each connection, 0 to accept; those after the last are accepted.
    ///   - script: What goes wrong.
    /// - Throws: ``Trouble`` when the system refuses.
    package init(
        in folder: TemporaryFolder, firmware: PlainFirmware = .init(), connecting: [Int32] = [],
        script: @escaping Script = { _, _, _ in nil }
    ) throws {
        self.folder = folder
        path = folder.path + "/mei"
        state = Mutex(State(firmware: firmware, connecting: connecting))
        self.script = script
        listener = try listen(at: path)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Trouble("pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        stopping = ends
        try onThread { [self] in serve() }
    }

    /// The value of `--device`.
    package var device: String { "unix:\(path)" }
    package var firmware: PlainFirmware { state.withLock { $0.firmware } }
    package var connections: Int { state.withLock { $0.connections } }
    package var requests: [[UInt8]] { state.withLock { $0.requests } }

    /// Changes the firmware while it runs.
    package func change(_ body: @Sendable (inout PlainFirmware) -> Void) { state.withLock { body(&$0.firmware) } }

    /// Ends the thread; the socket is gone with the folder.
    package func stop() { _ = write(stopping[1], [0], 1) }

    private func serve() {
        defer {
            for descriptor in [listener] + stopping { close(descriptor) }
        }
        while awaitInput(listener) {
            let peer = accept(listener, nil, nil)
            guard peer >= 0 else { continue }
            _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
            converse(peer)
            // A program started in between may hold the descriptor too; shutting down reaches the other end all the same.
            shutdown(peer, Int32(SHUT_RDWR))
            close(peer)
        }
    }

    private func converse(_ peer: Int32) {
        guard awaitInput(peer), let guid = receive(peer), guid.count == 16 else { return }
        let outcome = state.withLock { state -> Int32 in
            state.connections += 1
            return state.connecting.isEmpty ? 0 : state.connecting.removeFirst()
        }
        let code = (0..<4).map { UInt8(truncatingIfNeeded: outcome >> ($0 * 8)) }
        // Longest message 5120 bytes, protocol version 1; the GUID's second half stays, as the kernel leaves it.
        guard transmit(peer, outcome == 0 ? code + [0x00, 0x14, 0, 0, 1, 0, 0, 0] + guid[8...] : code), outcome == 0
        else { return }
        while awaitInput(peer), let request = receive(peer), !request.isEmpty {
            let reaction = state.withLock { state -> Reaction in
                state.messages += 1
                state.requests.append(request)
                return script(state.messages, request, &state.firmware) ?? .message(state.firmware.answer(request))
            }
            switch reaction {
            case .message(let answer): guard transmit(peer, answer) else { return }
            case .silence: continue
            case .hangUp: return
            }
        }
    }

    /// - Returns: Whether there is something to read; `false` when the end has come.
    private func awaitInput(_ descriptor: Int32) -> Bool {
        var entries = [descriptor, stopping[0]].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while true {
            let count = poll(&entries, 2, -1)
            if count < 0, errno == EINTR { continue }
            return count > 0 && entries[1].revents == 0
        }
    }

    private func receive(_ peer: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = recv(peer, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }

    private func transmit(_ peer: Int32, _ bytes: [UInt8]) -> Bool {
        send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }
}

private func listen(at path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { throw Trouble("too long: \(path)") }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let outcome = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    guard outcome == 0, Glibc.listen(descriptor, 8) == 0 else { throw Trouble("listen at \(path): \(errno)") }
    return descriptor
}
