import AgentCore
import Glibc

/// Where Intel's LMS listens on this machine, if it runs: on the ports that the firmware forwards.
///
/// 127.0.0.1 literally: `localhost` may be another address, whose connections LMS drops (rpc-go).
package struct LMSAddress: Hashable, Sendable {
    package var plain: UInt16
    package var tls: UInt16

    package init(plain: UInt16 = 16992, tls: UInt16 = 16993) {
        self.plain = plain
        self.tls = tls
    }

    enum Outcome {
        /// The conversation took place, to its end or to where it did not want to go on.
        case held
        /// Nobody listens whom this user need believe: the port forwarding client is free.
        case absent
        /// Somebody listens, and the connection failed; the client is theirs.
        case broken(String)
    }

    /// Holds a conversation on the first of the two ports that is served.
    func converse(_ conversation: inout some LocalConversation, within limit: Duration) -> Outcome {
        for (number, port) in [(plain, LocalPort.plain), (tls, .tls)] {
            switch converse(&conversation, at: number, as: port, within: limit) {
            case .absent: continue
            case let outcome: return outcome
            }
        }
        return .absent
    }

    private func converse(
        _ conversation: inout some LocalConversation, at number: UInt16, as port: LocalPort, within limit: Duration
    ) -> Outcome {
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
        address.sin_port = number.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 ? 0 : errno
            }
        }
        if outcome == ECONNREFUSED { return .absent }
        guard outcome == 0 else { return .broken("connecting to LMS: \(String(cString: strerror(outcome)))") }
        // Any user may listen there when LMS does not run, and pose as the firmware.
        guard listenersAreTrusted(port: number) else { return .absent }
        var step = conversation.begin(on: port)
        var (heard, buffer) = (0, [UInt8](repeating: 0, count: 16_384))
        while case .send(let bytes) = step {
            if let errno = send(bytes, descriptor) {
                return .broken("sending to LMS: \(String(cString: strerror(errno)))")
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR {
                step = .send([])
                continue
            }
            guard count >= 0 else { return .broken("waiting for LMS: \(String(cString: strerror(errno)))") }
            if count == 0 { return .held }
            heard += count
            guard heard <= 1 << 20 else { return .broken("its answer is longer than 1 MiB") }
            step = conversation.receive(Array(buffer.prefix(count)))
        }
        return .held
    }

    private func send(_ bytes: [UInt8], _ descriptor: CInt) -> CInt? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno }
            rest = rest.dropFirst(count)
        }
        return nil
    }
}

/// Whether whoever listens on a port of this machine is root or this user.
///
/// The kernel's table (proc(5), `/proc/net/tcp`) has a line for each socket: the address in hexadecimal, the port behind a
/// colon, the state, 0A for one that listens, and in the eighth column the user.
///
/// - Returns: `false` also where the table cannot be read, or names nobody.
func listenersAreTrusted(port: UInt16, tables: [String] = ["/proc/net/tcp", "/proc/net/tcp6"]) -> Bool {
    var isKnown = false
    for table in tables {
        guard let text = longFile(table) else { continue }
        for line in text.split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ")
            guard columns.count > 7, columns[3] == "0A",
                let place = columns[1].split(separator: ":").last, UInt16(place, radix: 16) == port
            else { continue }
            guard let user = UInt32(columns[7]), user == 0 || user == geteuid() else { return false }
            isKnown = true
        }
    }
    return isKnown
}

private func longFile(_ path: String) -> String? {
    let number = open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    defer { close(number) }
    var (text, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65_536))
    while text.count < 1 << 24 {
        let count = read(number, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        text += buffer.prefix(count)
    }
    return String(decoding: text, as: UTF8.self)
}
