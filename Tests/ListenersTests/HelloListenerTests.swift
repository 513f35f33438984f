import Fleet
import Foundation
import Listeners
import Logging
import ServiceLifecycle
import Synchronization
import TestKit
import Testing

@Suite("The hello listener")
struct HelloListenerTests {
    static let hello: [UInt8] =
        [0, 0, 3, 0, 0, 0, 0, 0] + [UInt8](1...16) + [1, 2, 32] + [UInt8](repeating: 0xAB, count: 32)

    /// Runs a listener that gives a connection `limit` for its hello.
    static func listening(
        within limit: Duration,
        _ body: @escaping @Sendable (_ port: UInt16, _ taken: AsyncStream<HelloPacket>) async throws -> Void
    ) async throws {
        let (ports, started) = AsyncStream.makeStream(of: Int.self)
        let (packets, taken) = AsyncStream.makeStream(of: HelloPacket.self)
        let listener = HelloListener(
            host: "127.0.0.1", port: 0, within: limit, clock: { Date().timeIntervalSince1970 },
            logger: Logger(label: "test"), started: { started.yield($0) }, take: { packet, _ in taken.yield(packet) })
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: listener)], logger: Logger(label: "test")))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(UInt16(port), packets)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test("ends a connection whose hello is not whole in its time, though a byte comes now and then")
    func drip() async throws {
        try await Self.listening(within: .milliseconds(500)) { port, _ in
            // Of a hello with 255 root hashes, never silent for as long as the limit.
            let endless = Array(Self.hello.prefix(24)) + [255] + [UInt8](repeating: 32, count: 100)
            let sent = try await sendSlowly(endless, every: .milliseconds(100), to: "127.0.0.1", port: port)
            #expect(sent != nil, "it still stands after ten seconds")
        }
    }

    @Test("takes a hello that comes in pieces within its time")
    func pieces() async throws {
        try await Self.listening(within: .seconds(60)) { port, taken in
            let wasCutShort = try sendPieces(Self.hello.map { [$0] }, to: "127.0.0.1", port: port)
            #expect(!wasCutShort)
            #expect(await taken.first { _ in true }?.rootHashes.count == 1)
        }
    }
}
