import Foundation
import TestKit
import Testing

/// Kills the server with SIGKILL at every request of the rename job, and looks whether the next one ends it right.
///
/// *before*: the request was sent and is lost with the server. *after*: the firmware has acted on it, and neither the
/// answer nor the journal's line was written. Between them lies every step boundary: a step's first request is sent
/// right after its `began` is durable, and its last answer comes right before its `succeeded` is.
@Suite("A server killed in the middle of a rename", .serialized)
struct CrashTests {
    /// Authenticated requests of one rename, by their places: UUID, settings, key pair, its public half, request,
    /// certificate, TLS context, names, commit, proof, certificate's and key pair's removal, account's removal.
    static let requests = 13

    @Test("is followed by one that ends the job right", arguments: ["before", "after"])
    func crashes(phase: String) async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            // The first rename uses the account of the provisioning; later ones make one each, as admin.
            #expect(try await site.sync(name: "ws-0.corp.example.test").status == 0)
            for place in 0...Self.requests {
                try await crash(site, phase, at: place)
            }
            await site.stop()
        }
    }

    private func crash(_ site: Site, _ phase: String, at place: Int) async throws {
        let name = "ws-\(phase)-\(place).corp.example.test"
        let comment: Comment = "\(phase) request \(place)"
        // The account is made anew by the first request, so that place 0 is that one.
        try await site.control(#"{"do":"hold","phase":"\#(phase)","request":\#(place + 1)}"#)
        let agent = try site.beginSync(name: name, timeout: 180)
        try await site.control(#"{"do":"awaitHeld"}"#)
        try await site.crashServer {
            try await site.control(#"{"do":"release","lost":\#(phase == "before")}"#)
        }
        let status = await agent.ended()
        #expect(status == 0, "\(comment): \(agent.printed)\n\(site.earlier)\n\(site.server.printed)")
        try await Self.expectWhole(site, name, comment)
    }

    /// One name everywhere, one certificate, one key pair, no account of ours.
    static func expectWhole(_ site: Site, _ name: String, _ comment: Comment) async throws {
        let state = try await site.control(#"{"do":"state"}"#)
        let host = String(name.prefix { $0 != "." })
        #expect(state["hostName"] as? String == host, comment)
        #expect(state["hostOSFQDN"] as? String == name, comment)
        #expect((state["users"] as? [Any])?.count == 0, "\(comment): \(state)")
        #expect((state["certificates"] as? [Any])?.count == 1, "\(comment): \(state)")
        #expect((state["keys"] as? [Any])?.count == 1, "\(comment): \(state)")
        let record = try await site.console("devices", "show", Site.machine, "--json").output
        #expect(record.contains("\"name\":\"\(name)\""), comment)
        #expect(!record.contains("\"account\":"), comment)
        let jobs = try await site.console("jobs", "list").output
        #expect(!jobs.contains("failed"), "\(comment): \(jobs)")
    }
}

@Suite("A server killed in the middle of provisioning", .serialized)
struct ProvisioningCrashTests {
    static let methods = ["SetAdminAclEntryEx", "AddUserAclEntryEx", "GenerateKeyPair", "Create", "CommitChanges"]

    @Test("is followed by one that ends the job right", arguments: methods, ["before", "after"])
    func crashes(method: String, phase: String) async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(
                in: folder, simulator: ["--hold", "\(phase):\(method)"], provisions: false)
            try await site.control(#"{"do":"awaitHeld"}"#)
            try await site.crashServer {
                try await site.control(#"{"do":"release","lost":\#(phase == "before")}"#)
            }
            try await site.awaitStage("managed")
            #expect(try await site.sync(name: "ws-9.corp.example.test").status == 0)
            try await CrashTests.expectWhole(site, "ws-9.corp.example.test", "\(phase) \(method)")
            await site.stop()
        }
    }
}
