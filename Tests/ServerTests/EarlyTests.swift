import Foundation
import TestKit
import Testing

/// What an agent may ask before there is anything to rename.
@Suite("Before a rename", .serialized)
struct EarlyTests {
    @Test(
        "the server says whether a machine may have a name, whether a token is good, and lets a firmware ask for its set-up"
    )
    func early() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            // Writes what curl needs for the token.
            _ = try await ClaimTests.post(site, folder, "a.elsewhere.test")
            let server = "https://\(site.serverAddress):8443"
            func expect(_ name: String, machine: String = Site.machine) async throws -> String {
                let body = #"{"wireVersion":1,"machine":"\#(machine)","name":"\#(name)"}"#
                return try await ClaimTests.curl(folder, ["-d", body, server + "/v1/expectations"])
            }
            #expect(try await ClaimTests.curl(folder, [server + "/v1/token"]).hasSuffix("204"))
            #expect(try await expect("new.corp.example.test").hasSuffix("204"))
            let other = "00112233-4455-6677-8899-aabbccddeeff"
            #expect(
                try await expect("new.corp.example.test", machine: other).hasSuffix("204"),
                "not known yet is no obstacle")
            #expect(try await expect("a.elsewhere.test").contains("fleet.name-policy"))
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            #expect(try await expect("ws-1.corp.example.test", machine: other).contains("fleet.name-taken"))
            #expect(try await expect("ws-1.corp.example.test").hasSuffix("204"), "its own name is no obstacle")

            func report(_ state: Int, _ name: String) async throws -> String {
                let body = """
                    {"wireVersion":1,"agentVersion":"x","machine":"\(other)","osName":"\(name)","osNameRule":"--name",\
                    "firmwareName":"","provisioningState":\(state),"controlMode":0,"offersStartConfiguration":true}
                    """
                return try await ClaimTests.curl(folder, ["-d", body, server + "/v1/reports"])
            }
            let asked = try await report(0, "new.corp.example.test")
            #expect(asked.contains(#""verdict":"provisioning""#) && asked.contains("startConfiguration"), "\(asked)")
            let waiting = try await report(1, "new.corp.example.test")
            #expect(
                waiting.contains(#""verdict":"provisioning""#) && !waiting.contains("startConfiguration"), "\(waiting)")
            #expect(try await report(0, "a.elsewhere.test").contains("fleet.name-policy"))
            await site.stop()
        }
    }
}
