import Foundation
import TestKit
import Testing

@Suite("What the server keeps")
struct DurabilityTests {
    /// What the kernel was asked, by somebody who is neither the server nor SQLite.
    @Test(
        "is on the disk, and not only in the kernel's memory, before it goes on",
        .enabled(
            if: getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"),
            "looking on needs root and strace"))
    func synchronous() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, provisions: false)
            let trace = "\(folder)/trace"
            let strace = try Program(
                "/usr/bin/strace",
                ["-f", "-y", "-e", "trace=fdatasync", "-o", trace, "-p", "\(site.server.process)"])
            try await strace.awaitLine("attached")
            _ = try sendPieces(
                [BadHelloTests.hello([UInt8](1...16))], to: site.serverAddress, port: 9971, from: site.net + ".201")
            try await site.server.awaitLine("04030201-0605-0807-090a-0b0c0d0e0f10")
            await strace.stop()
            let calls = try String(contentsOfFile: trace, encoding: .utf8)
            // The record and the job that is owed to it.
            #expect(calls.components(separatedBy: "store.sqlite-wal>").count > 2, "\(calls)")
            await site.stop()
        }
    }
}
