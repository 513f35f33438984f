import Foundation
import TestKit
import Testing

@Suite("The main job, between real processes", .serialized)
struct MainJobTests {
    @Test("a new machine is provisioned, renamed by its agent, and everything matches")
    func mainJob() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let provisioned = try await site.control(#"{"do":"state"}"#)
            #expect(provisioned["provisioningState"] as? Int == 2)
            #expect(provisioned["controlMode"] as? Int == 2)
            #expect((provisioned["users"] as? [Any])?.count == 1, "one temporary account, from the same commit")
            #expect(provisioned["tlsEnabled"] as? Bool == true)

            let checked = try await run(
                "namesake-agent", ["check", "--device", site.device, "--name", "ws-1.corp.example.test"])
            #expect(checked.status == 10)
            try await site.control(#"{"do":"resetCounters"}"#)
            let before = try site.requests().count
            // A server without memory: no nonce is remembered.
            try await site.crashServer()
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)")

            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["hostName"] as? String == "ws-1")
            #expect(state["domainName"] as? String == "corp.example.test")
            #expect(state["hostOSFQDN"] as? String == "ws-1.corp.example.test")
            #expect((state["users"] as? [Any])?.isEmpty == true)
            #expect((state["certificates"] as? [Any])?.count == 1)
            #expect((state["keys"] as? [Any])?.count == 1)
            let requests = Array(try site.requests().dropFirst(before))
            #expect(requests.count <= 15, "\(requests.count)")
            #expect((state["handshakes"] as? Int ?? .max) <= 3)
            #expect(!requests.contains { $0["user"] as? String == "admin" }, "a mending request was made as admin")
            #expect(requests.filter { $0["status"] as? Int == 401 }.count == 1)

            let again = try await run(
                "namesake-agent", ["check", "--device", site.device, "--name", "ws-1.corp.example.test"])
            #expect(again.status == 0)
            let count = try site.requests().count
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            #expect(try site.requests().count == count, "a second run finds everything in sync and asks nothing")
            await site.stop()
        }
    }

    @Test("a server that remembers the account's nonce from the provisioning needs no challenge and two handshakes")
    func remembered() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try await site.control(#"{"do":"resetCounters"}"#)
            let before = try site.requests().count
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            let statuses = try site.requests().dropFirst(before).map { $0["status"] as? Int }
            #expect(statuses.count <= 14 && !statuses.contains(401), "\(statuses)")
            let state = try await site.control(#"{"do":"state"}"#)
            #expect((state["handshakes"] as? Int ?? .max) <= 2, "\(state)")
            await site.stop()
        }
    }

    @Test("a foreign client verifies the new certificate under the new name, and only under it")
    func foreignClient() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            #expect(try await site.sync(name: "ws-2.corp.example.test").status == 0)
            func verify(_ name: String) async throws -> Int32 {
                try await run(
                    "/usr/bin/openssl",
                    [
                        "s_client", "-connect", "\(site.address):16993", "-CAfile", "\(folder)/server/authority.pem",
                        "-verify_return_error", "-verify_hostname", name,
                    ]
                ).status
            }
            #expect(try await verify("ws-2.corp.example.test") == 0)
            #expect(try await verify("ws-3.corp.example.test") != 0)
            await site.stop()
        }
    }

    @Test("set-up that asks for the factory's password gets it once, and then ours")
    func factoryPassword() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, simulator: ["--set-up-authentication", "digest-admin"])
            #expect(try await site.control(#"{"do":"state"}"#)["controlMode"] as? Int == 2)
            await site.stop()
        }
    }

    @Test("a commit whose answer is lost is no failure")
    func lostCommit() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, simulator: ["--commit-answer", "lost"])
            #expect(try await site.sync(name: "ws-4.corp.example.test").status == 0)
            let commits = try site.requests().filter { $0["action"] as? String == "CommitChanges" }
            #expect(commits.count == 2, "one for each job")
            await site.stop()
        }
    }

    @Test("where an account may not remove itself, admin removes it, and nothing else")
    func removalByAdmin() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, simulator: ["--keep-own-account"])
            let before = try site.requests().count
            #expect(try await site.sync(name: "ws-5.corp.example.test").status == 0)
            let byAdmin = try site.requests().dropFirst(before).filter { $0["user"] as? String == "admin" }
            #expect(byAdmin.map { $0["action"] as? String } == ["RemoveUserAclEntry"])
            #expect((try await site.control(#"{"do":"state"}"#)["users"] as? [Any])?.isEmpty == true)
            await site.stop()
        }
    }
}
