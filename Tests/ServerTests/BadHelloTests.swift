import Foundation
import TestKit
import Testing

@Suite("The hello port", .serialized)
struct BadHelloTests {
    static let head: [UInt8] = [0, 0, 3, 0, 0, 0, 0, 0]
    static let tail: [UInt8] = [1, 2, 32] + [UInt8](repeating: 0xAB, count: 32)

    static func hello(_ uuid: [UInt8]) -> [UInt8] { head + uuid + tail }

    @Test("takes a hello in any pieces, drops everything else, and goes on")
    func pieces() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let server = site.serverAddress
            func count() async throws -> Int {
                try await site.console("devices", "list").output.split(separator: "\n").count - 1
            }
            let hello = Self.hello([UInt8](1...16))
            #expect(try !sendPieces(hello.map { [$0] }, to: server, port: 9971, from: site.net + ".201"))
            try await site.server.awaitLine("04030201-0605-0807-090a-0b0c0d0e0f10")
            #expect(try await count() == 2)

            var random = SystemRandomNumberGenerator()
            for number in 0..<200 {
                let garbage = (0..<Int.random(in: 0...2000, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                // Spread over sources, so that the limits do not hide what the parser would do.
                _ = try sendPieces([garbage], to: server, port: 9971, from: site.net + ".\(100 + number % 50 + 100)")
            }
            for length in 0..<hello.count {
                _ = try sendPieces(
                    [Array(hello.prefix(length))], to: server, port: 9971, from: site.net + ".\(150 + length % 100)")
            }
            _ = try sendPieces([[UInt8](repeating: 3, count: 70_000)], to: server, port: 9971, from: site.net + ".202")
            _ = try sendPieces([Array("GET / HTTP/1.1\r\n\r\n".utf8)], to: server, port: 9971, from: site.net + ".203")
            #expect(try await count() == 2, "something that is no hello made a record")
            #expect(site.server.printed.contains("an HTTP request"))
            await site.stop()
        }
    }

    @Test("makes no record for a UUID that many machines share, and says what to do", arguments: [UInt8(0), 0xFF])
    func bogus(byte: UInt8) async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, provisions: false)
            let server = site.serverAddress
            _ = try sendPieces(
                [Self.hello([UInt8](repeating: byte, count: 16))], to: server, port: 9971, from: site.net + ".204")
            try await site.server.awaitLine("fleet.machine-id-bogus")
            let list = try await site.console("devices", "list").output
            #expect(!list.contains("00000000-0000") && !list.contains("ffffffff-ffff"))
            await site.stop()
        }
    }

    @Test("refuses a source that asks too much")
    func limits() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, provisions: false)
            let server = site.serverAddress
            for _ in 0..<70 {
                _ = try? sendPieces([Self.hello([UInt8](1...16))], to: server, port: 9971, from: site.net + ".205")
            }
            #expect(site.server.printed.contains("too many from this source"))
            #expect(try await site.console("devices", "list").status == 0)
            await site.stop()
        }
    }
}
