import Vocabulary

/// One command of the host interface.
///
/// A command is a value with its own ``Answer``, so that an answer is never read as another command's.
package protocol HostInterfaceCommand<Answer>: Sendable {
    associatedtype Answer: Sendable

    /// The command word of the request.
    static var code: UInt32 { get }
    /// Whether the firmware is another after it; only what reads may be sent twice.
    static var changesFirmware: Bool { get }

    var payload: [UInt8] { get }

    /// Reads what follows the status word, when that is success.
    static func answer(from data: [UInt8]) throws(HostInterfaceFault) -> Answer
}

extension HostInterfaceCommand {
    package static var changesFirmware: Bool { false }
    package var payload: [UInt8] { [] }

    /// The request, as sent.
    package var message: HostInterfaceMessage { HostInterfaceMessage(command: Self.code, payload: payload) }

    /// Reads a whole message from the device as the answer to this command.
    ///
    /// - Throws: ``HostInterfaceFault/answerUnreadable(_:)``, ``HostInterfaceFault/amtDisabled`` or
    ///   ``HostInterfaceFault/refused(command:status:)``.
    package static func read(_ message: [UInt8]) throws(HostInterfaceFault) -> Answer {
        let answer = try HostInterfaceAnswer(message, to: code)
        guard answer.status == .success else { throw .refused(command: "\(Self.self)", status: answer.status) }
        return try Self.answer(from: answer.data)
    }
}

/// Carries one message to the firmware and its answer back.
///
/// `/dev/mei0` in the product, bytes in an array in tests. A channel may be owned and uncopyable, as an open device is.
package protocol HostInterfaceChannel: ~Copyable {
    /// - Parameters:
    ///   - message: The request, whole.
    ///   - repeatable: Whether the channel may send it a second time after it lost the first.
    /// - Returns: One message, unread.
    /// - Throws: ``HostInterfaceFault``, never a refusal: the message is not looked into.
    mutating func exchange(_ message: [UInt8], repeatable: Bool) throws(HostInterfaceFault) -> [UInt8]
}

extension HostInterfaceChannel where Self: ~Copyable {
    /// Sends the command and reads its answer.
    ///
    /// - Throws: ``HostInterfaceFault``. After one that is no refusal, a command that changes the firmware may have done so.
    package mutating func perform<Command: HostInterfaceCommand>(
        _ command: Command
    ) throws(HostInterfaceFault) -> Command.Answer {
        try Command.read(exchange(command.message.bytes, repeatable: !Command.changesFirmware))
    }
}
