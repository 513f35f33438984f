import Glibc

/// Where Intel's LMS listens on this machine, if it runs.
///
/// 127.0.0.1 literally: `localhost` may be another address, whose connections LMS drops (rpc-go).
package struct LMSAddress: Hashable, Sendable {
    package var port: UInt16

    package init(port: UInt16 = 16992) { self.port = port }

    enum Outcome {
        case answer([UInt8])
        /// Nobody listens: the port forwarding client is free.
        case absent
        /// Somebody listens, and the exchange failed; the client is theirs.
        case broken(String)
    }

    func exchange(_ request: [UInt8], within limit: Duration) -> Outcome {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .broken("no socket: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let whole = limit.components
        var time = timeval(tv_sec: Int(whole.seconds), tv_usec: Int(whole.attoseconds / 1_000_000_000_000))
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 ? 0 : errno
            }
        }
        if outcome == ECONNREFUSED { return .absent }
        guard outcome == 0 else { return .broken("connecting to LMS: \(String(cString: strerror(outcome)))") }
        var rest = request[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .broken("sending to LMS: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
        var (answer, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 16_384))
        while answer.count <= 1 << 20 {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return .broken("waiting for LMS: \(String(cString: strerror(errno)))") }
            if count == 0 { return .answer(answer) }
            answer += buffer.prefix(count)
        }
        return .broken("its answer is longer than 1 MiB")
    }
}
