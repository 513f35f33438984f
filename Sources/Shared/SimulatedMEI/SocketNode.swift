import Glibc
import Synchronization

/// The host interface over a SOCK_SEQPACKET socket, for machines without `/dev/fuse`.
///
/// First packet: the client's GUID, 16 bytes. Answer: an errno as four little-endian bytes, followed when it is 0 by what
/// the connect ioctl gives (u32 longest message, u8 version, three reserved, the GUID's last eight bytes). After that a
/// packet is a message either way; closing disconnects. A message longer than the client's limit closes the connection.
package final class SocketNode: SimulatedNode {
    package let path: String
    private let firmware: any MEIFirmware
    private let listener: CInt
    private let open = Mutex<Set<CInt>>([])
    private let isStopped = Atomic(false)

    package init(path: String, firmware: any MEIFirmware) throws(NodeFault) {
        self.path = path
        self.firmware = firmware
        unlink(path)
        let descriptor = socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw NodeFault("socket", errno: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            close(descriptor)
            throw NodeFault("the socket's path has \(bytes.count) bytes, more than a Unix socket takes: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(descriptor, 16) == 0 else {
            let number = errno
            close(descriptor)
            throw NodeFault("listen on \(path)", errno: number)
        }
        listener = descriptor
        spawn { [self] in accept() }
    }

    package func stop() {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        shutdown(listener, CInt(SHUT_RDWR))
        vanish()
        unlink(path)
    }

    package func vanish() {
        for descriptor in open.withLock({ Array($0) }) { shutdown(descriptor, CInt(SHUT_RDWR)) }
    }

    private func accept() {
        while true {
            let connection = Glibc.accept(listener, nil, nil)
            if connection < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                break
            }
            open.withLock { _ = $0.insert(connection) }
            spawn { [self] in
                serve(connection)
                open.withLock { _ = $0.remove(connection) }
                close(connection)
            }
        }
        close(listener)
    }

    private func serve(_ descriptor: CInt) {
        guard let client = receive(descriptor, longest: 17), client.count == 16 else { return }
        switch firmware.connect(client) {
        case .refused(let number):
            _ = send(descriptor, word(UInt32(number)))
        case .accepted(let connection, let longest, let version):
            defer { firmware.closed(connection) }
            guard send(descriptor, word(0) + word(longest) + [version, 0, 0, 0] + client[8...]) else { return }
            while let message = receive(descriptor, longest: Int(longest) + 1), message.count <= Int(longest) {
                for answer in firmware.receive(message, from: connection) {
                    guard send(descriptor, answer) else { return }
                }
            }
        }
    }

    /// The next packet; `nil` when the peer is gone.
    private func receive(_ descriptor: CInt, longest: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: longest)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            return Array(bytes.prefix(count))
        }
    }

    private func send(_ descriptor: CInt, _ bytes: [UInt8]) -> Bool {
        Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
    }

    private func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

/// Runs `body` on a thread of its own: it blocks in system calls, for which the cooperative pool is not made.
func spawn(_ body: @escaping @Sendable () -> Void) {
    final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let work = Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let outcome = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
            return nil
        }, work.toOpaque())
    guard outcome == 0 else { return work.release() }
    pthread_detach(thread)
}
