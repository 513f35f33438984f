import ArgumentParser
import Foundation
import NIOCore
import NIOPosix

/// `control`: one line to a running simulator, and its answer.
struct ControlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control", abstract: "Sends one JSON line to a simulator's control socket and prints the answer.")

    @Argument(help: "The control socket.") var socket: String
    @Argument(help: "The line, such as '{\"do\":\"state\"}'.") var line: String

    func run() async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: socket) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: line + "\n"))
            var answer = ""
            for try await bytes in inbound {
                answer += String(buffer: bytes)
                if answer.hasSuffix("\n") { break }
            }
            print(answer, terminator: "")
        }
    }
}
