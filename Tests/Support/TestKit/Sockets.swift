import Glibc

/// Connects to a TCP port from an address of one's own, sends the pieces one by one, and closes.
///
/// - Returns: Whether the peer had closed before everything was sent, or anything came back.
@discardableResult
package func sendPieces(_ pieces: [[UInt8]], to host: String, port: UInt16, from source: String? = nil) throws -> Bool {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Unexpected("socket: \(errno)") }
    defer { close(descriptor) }
    var yes: CInt = 1
    setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
    if let source {
        var address = try internet(source, 0)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0 else { throw Unexpected("bind to \(source): \(errno)") }
    }
    var address = try internet(host, port)
    let connected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard connected == 0 else { throw Unexpected("connect to \(host):\(port): \(errno)") }
    var wasClosed = false
    for piece in pieces where send(descriptor, piece, piece.count, CInt(MSG_NOSIGNAL)) != piece.count {
        wasClosed = true
    }
    shutdown(descriptor, CInt(SHUT_WR))
    var byte: UInt8 = 0
    // The peer's close ends this; a byte would be an answer, which a hello never gets.
    let answered = recv(descriptor, &byte, 1, 0) > 0
    return wasClosed || answered
}

/// Sends one byte after each pause, until the peer has closed or there are no more.
///
/// - Returns: How many were sent before the peer closed; `nil` if it did not.
package func sendSlowly(_ bytes: [UInt8], every pause: Duration, to host: String, port: UInt16) async throws -> Int? {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Unexpected("socket: \(errno)") }
    defer { close(descriptor) }
    var address = try internet(host, port)
    let connected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard connected == 0 else { throw Unexpected("connect to \(host):\(port): \(errno)") }
    for (count, byte) in bytes.enumerated() {
        var (byte, back) = (byte, UInt8(0))
        guard send(descriptor, &byte, 1, CInt(MSG_NOSIGNAL)) == 1 else { return count }
        try await Task.sleep(for: pause)
        if recv(descriptor, &back, 1, CInt(MSG_DONTWAIT)) == 0 { return count + 1 }
    }
    return nil
}

private func internet(_ host: String, _ port: UInt16) throws -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw Unexpected("\(host) is no address") }
    return address
}
