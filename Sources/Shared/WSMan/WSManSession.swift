/// A conversation with one firmware: numbers the messages, sends one at a time, reads the answers.
package actor WSManSession {
    private let transport: any WSManTransport
    private let turnstile = Turnstile()
    private var lastMessageID: UInt64 = 0

    package init(over transport: any WSManTransport) { self.transport = transport }

    /// Sends the operation and reads its reply.
    ///
    /// Callers queue: the next request leaves when the answer to the last one is here.
    ///
    /// - Parameter operation: What is asked.
    /// - Returns: What the operation's reply says.
    /// - Throws: ``WSManFault``. After ``WSManFault/unreachable(_:)`` a caller that changes the firmware must look
    ///   before it asks again: the request may have arrived.
    package func perform<Operation: WSManOperation>(
        _ operation: Operation
    ) async throws(WSManFault) -> Operation.Output {
        guard await turnstile.enter() else { throw .notSent("the task was cancelled before its turn came") }
        defer { turnstile.leave() }
        lastMessageID += 1
        let messageID = lastMessageID
        let request = try Envelope.request(operation, messageID: messageID)
        let answer = try await transport.exchange(request, title: Operation.title)
        return try Operation.output(from: try Envelope.answer(answer, to: messageID))
    }
}
