import Glibc

/// What the MEI driver keeps of one open file, and what it answers from it.
///
/// Pure. Source: host reference 1.4, from the driver's `main.c` and `client.c`.
struct OpenFile: Sendable {
    enum State: Sendable {
        case unconnected
        case connected(MEIConnection, longestMessage: Int)
        /// The ME was reset under it.
        case dead
    }

    /// Which of the node's devices it is.
    let device: Int
    var state = State.unconnected
    /// Whole messages; the first may have been read in part.
    private(set) var messages: [[UInt8]] = []
    /// Reads that wait for a message, oldest first.
    var waiting: [(unique: UInt64, size: Int)] = []
    /// The handle under which the kernel wants to be woken.
    var poller: UInt64?

    init(device: Int = 0) { self.device = device }

    enum Reading: Sendable {
        case bytes([UInt8])
        case fails(CInt)
        case waits
    }

    /// One message a read; what does not fit comes with the next.
    mutating func read(size: Int, isNonBlocking: Bool) -> Reading {
        guard case .connected = state else { return .fails(ENODEV) }
        guard size > 0 else { return .bytes([]) }
        guard let first = messages.first else { return isNonBlocking ? .fails(EAGAIN) : .waits }
        if first.count <= size {
            messages.removeFirst()
        } else {
            messages[0].removeFirst(size)
        }
        return .bytes(Array(first.prefix(size)))
    }

    /// A message for a file that died meanwhile is lost, as in a reset.
    mutating func queue(_ message: [UInt8]) {
        if case .connected = state { messages.append(message) }
    }

    /// POLLERR where the file is not connected: this is how a reset shows.
    var pollEvents: UInt32 {
        guard case .connected = state else { return UInt32(POLLERR) }
        let output = UInt32(POLLOUT | Int32(POLLWRNORM))
        return messages.isEmpty ? output : output | UInt32(POLLIN | Int32(POLLRDNORM))
    }

    /// The ME is reset.
    ///
    /// - Returns: The connection that ends by it.
    mutating func die() -> MEIConnection? {
        guard case .connected(let peer, _) = state else { return nil }
        state = .dead
        messages = []
        return peer
    }
}
