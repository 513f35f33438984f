import Foundation
import TestKit
import Testing

/// The server's jobs against each generation of firmware that the simulator has.
@Suite("Generations of firmware", .serialized)
struct PersonalityTests {
    @Test(
        "from the first hello by a rename in place to a rename by partial unprovisioning",
        arguments: ["3.2", "7.1", "9.1", "11.8", "12.0", "15.0", "16.1", "18", "19"])
    func roads(personality: String) async throws {
        try await withTemporaryFolder { folder in
            let isOld = ["3.2", "7.1", "9.1", "11.8"].contains(personality)
            let site = try await Site(
                in: folder, simulator: ["--personality", personality], provisions: !isOld)
            if isOld {
                let held = try await site.end(of: "1")
                #expect(held.contains("wsman.tls-too-old"), "never by default: \(held)")
                #expect(try site.requests().isEmpty, "nothing was sent")
                let allowed = try await site.console("devices", "legacy-tls", Site.machine, "allow")
                #expect(allowed.status == 0, "\(allowed.output)")
                #expect(try await site.console("devices", "retry", Site.machine).status == 0)
                try await site.awaitStage("managed")
            }
            if personality == "3.2" {
                // Its host interface tells no name, so that a person has to.
                let by = try await site.console("devices", "rename", Site.machine, "ws-1.corp.example.test")
                #expect(by.status == 0, "\(by.output)")
                let renamed = try await site.end(of: "2")
                #expect(renamed.contains(#""state":"done""#), "\(renamed)")
            } else {
                let renamed = try await site.sync(name: "ws-1.corp.example.test")
                #expect(renamed.status == 0, "\(renamed.output)\n\(site.server.printed)")
            }
            let begun = try await site.console(
                "devices", "reprovision", Site.machine, "--name", "ws-2.corp.example.test")
            try #require(begun.status == 0, "\(begun.output)")
            let end = try await site.end(of: "3")
            #expect(end.contains(#""state":"done""#), "\(end)")
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["hostName"] as? String == "ws-2")
            #expect((state["certificates"] as? [Any])?.count == 1)

            let plain = try await run(
                "/usr/bin/curl", ["--silent", "--max-time", "5", "http://\(site.address):16992/wsman"])
            #expect(plain.status != 0, "plain HTTP is closed once TLS is on")
            let modern = try await run(
                "/usr/bin/curl",
                ["--silent", "--insecure", "--tlsv1.2", "--max-time", "5", "https://\(site.address):16993/wsman"])
            #expect((modern.status == 0) == !isOld, "\(personality): \(modern)")
            await site.stop()
        }
    }
}
