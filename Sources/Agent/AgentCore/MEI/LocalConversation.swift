/// What is said on one connection to a port of this machine's own firmware: bytes come in, bytes to send go out.
///
/// The connection may be a channel of the port forwarding client, or a TCP connection to Intel's LMS.
package protocol LocalConversation {
    /// The connection is there.
    ///
    /// - Parameter port: Which one it was, and so whether TLS is spoken on it.
    /// - Returns: What to send first.
    mutating func begin(on port: LocalPort) -> LocalStep
    /// Bytes came.
    mutating func receive(_ bytes: [UInt8]) -> LocalStep
}

/// What a conversation wants done.
package enum LocalStep: Hashable, Sendable {
    /// Send this, perhaps nothing, and bring what comes.
    case send([UInt8])
    /// It has heard enough, or does not want to go on: close.
    case end
}

/// The firmware's ports for WS-Man.
package enum LocalPort: UInt32, Hashable, Sendable {
    case plain = 16992
    case tls = 16993

    /// The port to take of those that the firmware forwards.
    ///
    /// Firmware whose local ports speak TLS alone forwards 16993 and 664, and never 16992; other firmware forwards 16992
    /// and 623, in any order with those. Source: host reference 4.2.
    ///
    /// - Parameters:
    ///   - ports: Those forwarded so far.
    ///   - isAll: Whether no more are to be expected.
    /// - Returns: `nil` while it is too early to tell.
    static func choice(of ports: Set<UInt32>, isAll: Bool = false) -> LocalPort? {
        if ports.contains(LocalPort.plain.rawValue) { return .plain }
        guard ports.contains(LocalPort.tls.rawValue), isAll || ports.contains(664) else { return nil }
        return .tls
    }
}
