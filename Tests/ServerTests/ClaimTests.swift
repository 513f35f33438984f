import Foundation
import TestKit
import Testing

/// Somebody with a build token who claims things about a machine that is not his.
@Suite("A claim from elsewhere", .serialized)
struct ClaimTests {
    static func post(
        _ site: Site, _ folder: String, _ name: String, machine: String = Site.machine, enrolment: String = "enrolment"
    ) async throws -> String {
        struct Enrolled: Decodable { var server, serverCA, token: String }
        let enrolment = try JSONDecoder().decode(
            Enrolled.self, from: Data(contentsOf: URL(filePath: "\(folder)/\(enrolment)")))
        try enrolment.serverCA.write(toFile: "\(folder)/ca.pem", atomically: true, encoding: .utf8)
        try "header = \"Authorization: Bearer \(enrolment.token)\"\n".write(
            toFile: "\(folder)/curl.conf", atomically: true, encoding: .utf8)
        let report = """
            {"wireVersion":1,"agentVersion":"x","machine":"\(machine)","osName":"\(name)","osNameRule":"--name",\
            "firmwareName":"","provisioningState":2,"controlMode":2}
            """
        return try await curl(folder, ["-d", report, "\(enrolment.server)/v1/reports"])
    }

    /// What the server answers to the token of the last `post`, with the HTTP status on the last line.
    static func curl(_ folder: String, _ arguments: [String]) async throws -> String {
        try await run(
            "/usr/bin/curl",
            ["-sS", "--config", "\(folder)/curl.conf", "--cacert", "\(folder)/ca.pem", "-w", "\n%{http_code}"]
                + arguments
        ).output
    }

    @Test("renames nothing, and the machine's own agent is not led to prove it")
    func forged() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let before = try await site.control(#"{"do":"state"}"#)["hostName"] as? String
            let forged = try await Self.post(site, folder, "stolen.corp.example.test")
            #expect(forged.hasSuffix("\n200"), "\(forged)")
            let own = try await site.sync(name: "ws-1.corp.example.test")
            #expect(own.status == 30, "\(own.output)")
            #expect(own.output.contains("stolen.corp.example.test"), "it says whose claim is under way")
            #expect(try await site.control(#"{"do":"state"}"#)["hostName"] as? String == before)

            // The forger says that the echo is written, which it is not.
            let job = try #require(
                try await site.console("jobs", "list", "--json").output.firstMatch(
                    of: /"id":\{?[^0-9]*([0-9]+)[^{}]*\}?,"kind":"rename"/)
            ).1
            let said = try await Self.curl(
                folder, ["-X", "POST", "https://\(site.serverAddress):8443/v1/jobs/\(job)/echo-written"])
            #expect(said.hasSuffix("204"), "\(said)")
            let page = try await site.end(of: String(job))
            #expect(page.contains("claim may come from elsewhere"), "\(page)")
            #expect(try await site.control(#"{"do":"state"}"#)["hostName"] as? String == before)
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0, "the true one is not in its way")
            await site.stop()
        }
    }

    @Test("is refused without a token, for an unknown machine, for a name of policy's, for a name that is taken")
    func refused() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let other = "00112233-4455-6677-8899-aabbccddeeff"
            #expect(try await Self.post(site, folder, "a.corp.example.test", machine: other).hasSuffix("\n404"))
            #expect(try await Self.post(site, folder, "a.elsewhere.test").hasSuffix("\n409"))
            #expect(try await Self.post(site, folder, "not a name").hasSuffix("\n400"))
            try Data(#"header = "Authorization: Bearer wrong""#.utf8).write(to: URL(filePath: "\(folder)/curl.conf"))
            let refused = try await Self.curl(folder, ["https://\(site.serverAddress):8443/v1/jobs/1"])
            #expect(refused.hasSuffix("\n401"), "\(refused)")
            #expect(refused.contains("fleet.token-refused"))
            await site.stop()
        }
    }
}
