import Foundation
import TestKit
import Testing

@Suite("The certificate that a server gave, seen from the machine itself", .serialized)
struct LocalCertificateTests {
    @Test(
        "firmware whose local ports speak TLS alone is believed by its server's authority, under its own name",
        arguments: ["12.0", "19"])
    func believed(personality: String) async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, simulator: ["--personality", personality])
            func local(_ name: String, _ more: [String]) async throws -> (status: Int32, output: String) {
                try await run(
                    "namesake-agent",
                    [
                        "local", "--json", "--device", site.device, "--name", name, "--lms-port", "1", "--lms-tls-port",
                        "1",
                    ] + more)
            }
            let enrolled = ["--enrolment", "\(folder)/enrolment"]
            let before = try await local("ws-9.corp.example.test", enrolled)
            #expect(before.status == 0, "\(before.output)")
            #expect(before.output.contains("\"believedBy\": \"authority\""))
            #expect(before.output.contains("\"equalsOS\": false"), "the machine has another name still")

            #expect(try await site.sync(name: "ws-9.corp.example.test").status == 0)
            let after = try await local("ws-9.corp.example.test", enrolled)
            #expect(after.output.contains("\"believedBy\": \"authority\""), "\(after.output)")
            #expect(after.output.contains("\"commonName\": \"ws-9.corp.example.test\""))
            #expect(!after.output.contains("\"equalsOS\": false"))

            let count = try site.requests().count
            let stranger = try await local("ws-9.corp.example.test", [])
            #expect(stranger.status == 13)
            #expect(stranger.output.contains("nothing is configured by which it could be believed"))
            #expect(try site.requests().count == count, "nothing was asked")
            #expect(try await local("ws-9.corp.example.test", ["--enrolment", "\(folder)/none"]).status == 78)
            #expect(try await local("ws-9", enrolled).status == 64)
            await site.stop()
        }
    }
}
