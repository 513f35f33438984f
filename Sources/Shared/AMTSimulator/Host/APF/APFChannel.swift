/// One channel of a session, which carries bytes as a TCP connection would.
struct APFChannel: Hashable, Sendable {
    /// The host's number of it: where our messages go.
    let host: UInt32
    /// How much the host takes now.
    private var room: Int
    /// What has been sent and was not answered with room again.
    private var owed = 0
    private var waiting: [UInt8] = []
    /// Whether the service has sent all that it will.
    private var hasEnded = false
    private(set) var isClosing = false

    init(host: UInt32, window: UInt32) {
        self.host = host
        room = Int(window)
    }

    /// What there is to say next: data as far as there is room, and behind the last of it the close.
    ///
    /// The close waits until the host has made room for all that was sent: a host that reads in two threads takes it before
    /// the data otherwise (rpc-go lost 6 answers of 250).
    ///
    /// - Parameter longest: How many bytes a message may carry.
    /// - Returns: The messages, in order.
    mutating func next(longest: Int) -> [[UInt8]] {
        var messages: [[UInt8]] = []
        while !isClosing, room > 0, !waiting.isEmpty {
            let part = Array(waiting.prefix(min(room, longest)))
            waiting.removeFirst(part.count)
            room -= part.count
            owed += part.count
            messages.append(
                APFBytes.message(.channelData, APFBytes.word(host), APFBytes.word(UInt32(part.count)), part))
        }
        if hasEnded, waiting.isEmpty, owed == 0, let close = close() { messages.append(close) }
        return messages
    }

    mutating func queue(_ bytes: [UInt8]) { waiting += bytes }

    /// The service will send nothing more.
    mutating func end() { hasEnded = true }

    mutating func makeRoom(_ bytes: UInt32) {
        room = min(room + Int(bytes), Int(UInt32.max))
        owed = max(0, owed - Int(bytes))
    }

    /// The close, once.
    mutating func close() -> [UInt8]? {
        guard !isClosing else { return nil }
        isClosing = true
        return APFBytes.message(.channelClose, APFBytes.word(host))
    }
}
