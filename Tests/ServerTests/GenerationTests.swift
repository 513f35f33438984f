import Foundation
import TestKit
import Testing

@Suite("Generations of firmware, between real processes", .serialized)
struct GenerationTests {
    @Test(
        "12.0 and 16.1 are provisioned, renamed in place and re-provisioned partially",
        arguments: [("12.0", 113), ("16.1", 114)])
    func current(generation: String, number: Int) async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, number: number, simulator: ["--personality", generation])
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            try await CrashTests.expectWhole(site, "ws-1.corp.example.test", "\(generation) in place")
            try RouteTests.prefer("partial", site)
            try await site.crashServer()
            #expect(try await site.sync(name: "ws-2.corp.example.test").status == 0)
            try await CrashTests.expectWhole(site, "ws-2.corp.example.test", "\(generation) partial")
            #expect(try site.requests().contains { $0["action"] as? String == "PartialUnprovision" })
            await site.stop()
        }
    }

    @Test(
        "7.1, 9.1 and 11.8 speak no TLS 1.2: their jobs say so and wait, and nothing was sent",
        arguments: [("7.1", 115), ("9.1", 116), ("11.8", 117)])
    func old(generation: String, number: Int) async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(
                in: folder, number: number, simulator: ["--personality", generation], provisions: false)
            try await site.server.awaitLine("speaks no TLS 1.2")
            let page = try await site.console("jobs", "show", "1", "--json").output
            #expect(page.contains(#""state":"waiting""#) && page.contains("wsman.firmware-unreachable"), "\(page)")
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["provisioningState"] as? Int == 1 && state["requests"] as? Int == 0)
            await site.stop()
        }
    }
}
