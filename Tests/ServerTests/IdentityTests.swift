import Foundation
import TestKit
import Testing

@Suite("A machine's record, between real processes", .serialized)
struct IdentityTests {
    @Test("stays the same when the firmware begins anew, is exported without secrets, and is retired")
    func sameRecord() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            #expect(try await site.console("devices", "readmit", Site.machine).status != 0, "it is managed, not held")
            #expect(try await site.console("devices", "unprovision", Site.machine, "--partial").status == 0)
            #expect(try await site.end(of: "3").contains(#""state":"done""#))
            let again = try await site.console("devices", "readmit", Site.machine)
            #expect(again.status == 0, "\(again.output)")
            try await site.awaitStage("managed")
            #expect(try await site.sync(name: "ws-2.corp.example.test").status == 0)
            let list = try await site.console("devices", "list").output
            #expect(list.matches(of: /939b524b/).count == 1, "\(list)")
            #expect(try await site.console("devices", "show", Site.machine).output.contains("ws-1.corp.example.test"))

            let export = try await site.console("devices", "export", Site.machine).output
            struct Export: Decodable {
                struct Record: Decodable {
                    struct Alias: Decodable { var name: String }
                    var aliases: [Alias]
                }
                struct Page: Decodable {}
                var record: Record
                var jobs: [Page]
            }
            let read = try JSONDecoder().decode(Export.self, from: Data(export.utf8))
            #expect(read.record.aliases.map(\.name).contains("ws-1.corp.example.test"))
            #expect(read.jobs.count >= 5)

            #expect(try await site.console("devices", "retire", Site.machine).status == 0)
            #expect(try await !site.console("devices", "list").output.contains("939b524b"))
            #expect(try await site.console("devices", "list", "--all").output.contains("retired"))
            let late = try await site.sync(name: "ws-3.corp.example.test")
            #expect(late.status == 30 && late.output.contains("retired"), "\(late.output)")
            #expect(try await site.console("authority", "show").output.contains("cessationOfOperation"))
            await site.stop()
        }
    }

    @Test("is not made for a UUID that many machines share, and is held where two machines take turns under one")
    func bogusAndTwins() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            func hello(_ uuid: [UInt8], from last: Int) throws {
                try sendPieces(
                    [BadHelloTests.hello(uuid)], to: "\(site.serverAddress)", port: 9971, from: "\(site.net).\(last)")
            }
            for byte in [UInt8(0), 0xFF] {
                try hello([UInt8](repeating: byte, count: 16), from: 240)
                try await site.server.awaitLine("fleet.machine-id-bogus")
            }
            let zero = "00000000-0000-0000-0000-000000000000"
            let claimed = try await ClaimTests.post(site, folder, "ws-1.corp.example.test", machine: zero)
            #expect(claimed.hasSuffix("\n409") && claimed.contains("many machines"), "\(claimed)")
            #expect(try await site.console("devices", "list").output.split(separator: "\n").count == 2)

            for address in [240, 241, 240] {
                try hello([UInt8](1...16), from: address)
                try await site.server.awaitLine("retry=")
            }
            let twin = TokenTests.other
            let shown = try await site.console("devices", "show", twin).output
            #expect(shown.contains("held") && shown.contains("a twin"), "\(shown)")
            let report = try await ClaimTests.post(site, folder, "ws-1.corp.example.test", machine: twin)
            #expect(report.contains(#""verdict":"held""#), "\(report)")
            #expect(try await site.console("collections", "show", "held").output.contains(twin))
            await site.stop()
        }
    }
}
