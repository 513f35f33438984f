import Glibc

/// The other end of a ``SocketNode``, by plain system calls.
final class PacketClient: Sendable {
    let descriptor: CInt

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard outcome == 0 else { throw Trouble("connect \(path): errno \(errno)") }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Connected to a client of the firmware.
    convenience init(_ path: String, client: [UInt8]) throws {
        try self.init(path)
        guard send(client) == .done(16), case .done(let answer) = receive(), answer.count == 20 else {
            throw Trouble("not accepted")
        }
    }

    deinit { close(descriptor) }

    func send(_ packet: [UInt8]) -> Outcome<Int> {
        let count = Glibc.send(descriptor, packet, packet.count, CInt(MSG_NOSIGNAL))
        return count < 0 ? .failed(errno) : .done(count)
    }

    /// The next packet; an empty one is the end of the connection.
    func receive() -> Outcome<[UInt8]> {
        var bytes = [UInt8](repeating: 0xEE, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count < 0 ? .failed(errno) : .done(Array(bytes.prefix(count)))
    }

    /// Whether the node has ended the connection; what was sent into it meanwhile may make that a reset.
    var isOver: Bool { [.done([]), .failed(ECONNRESET)].contains(receive()) }
}
