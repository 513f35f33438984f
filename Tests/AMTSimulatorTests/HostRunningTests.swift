import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("The host of a simulator that runs", .serialized)
struct HostRunningTests {
    private static let client = bytes("2800f812b7b42d4baca846e0ff65814c")

    private static func connect(_ folder: String) throws -> PacketSocket {
        let socket = try PacketSocket("\(folder)/mei")
        #expect(socket.ask(client).prefix(4) == [0, 0, 0, 0])
        return socket
    }

    @Test("stopping and starting set-up close and open the network, and the hello begins anew")
    func startAgain() async throws {
        try await withTemporaryFolder { folder in
            let collector = try HelloCollector(address: try Bench.address(82))
            let server = "\(try Bench.address(82)):\(collector.port)"
            try await withBench(number: 42, ["--host-socket", "\(folder)/mei", "--provision-server", server]) { bench in
                #expect(collector.take(1).first?.bytes[4] == 0)
                let host = try Self.connect(folder)
                #expect(host.ask(bytes("010100005e00000400000000")) == bytes("010100005e0080040400000000000000"))
                let closed = try await bench.post(Bench.get, as: .certificate("leaf"))
                #expect(closed.exit != 0 && closed.status == 0)
                #expect(
                    host.ask(bytes("01010000620000040400000000000000")) == bytes("01010000620080040400000000000000"))
                #expect(collector.take(1).first?.bytes[4] == 0)
                #expect(try await bench.post(Bench.get, as: .certificate("leaf")).status == 200)
                // The server that it greets is the one that it names to the host: its port, its address.
                let named = host.ask(bytes("010100004e00000400000000"))
                #expect(named.count == 66 && Int(named[16]) | Int(named[17]) << 8 == collector.port)
                #expect(try String(decoding: named[18..<64].prefix { $0 != 0 }, as: UTF8.self) == Bench.address(82))
            }
        }
    }

    @Test("what the host set is kept with the state")
    func kept() async throws {
        try await withTemporaryFolder { folder in
            let extra = ["--host-socket", "\(folder)/mei", "--state", "\(folder)/state"]
            try await withBench(number: 44, extra) { _ in
                let host = try Self.connect(folder)
                #expect(host.ask(bytes("010100005e00000400000000"))[12] == 0)
                #expect(host.ask(bytes("010100002f00000406000000") + [4, 0] + Array("a.io".utf8))[12] == 0)
            }
            try await withBench(number: 44, extra) { _ in
                let host = try Self.connect(folder)
                #expect(host.ask(bytes("010100003600000400000000")).suffix(6) == ([4, 0] + Array("a.io".utf8))[...])
                #expect(host.ask(bytes("010100001100000400000000"))[16] == 0)
            }
        }
    }
}
