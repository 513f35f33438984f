import Certificates
import Foundation
import TestKit
import Testing
import Vocabulary

/// What may be wrong at the server itself: its disk, its provisioning certificate.
@Suite("A server in trouble", .serialized)
struct BadServerTests {
    /// Fills a file system to its last byte.
    static func fill(_ folder: String) throws {
        let file = open("\(folder)/ballast", O_WRONLY | O_CREAT, 0o600)
        defer { close(file) }
        var size = 65_536
        let bytes = [UInt8](repeating: 1, count: size)
        while size > 0 { if write(file, bytes, size) <= 0 { size /= 2 } }
    }

    @Test("whose disk is full in the middle of a job ends and says so; with room again the next one ends the job right")
    func fullDisk() async throws {
        try await withTemporaryFolder { folder in
            let server = "\(folder)/server"
            try FileManager.default.createDirectory(atPath: server, withIntermediateDirectories: false)
            guard try await run("/bin/mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", server]).status == 0 else {
                print("skipped: a small file system can be mounted by root only")
                return
            }
            defer { umount2(server, Int32(MNT_DETACH)) }
            let site = try await Site(in: folder, number: 56)
            try await site.control(#"{"do":"hold","phase":"after","method":"GenerateKeyPair"}"#)
            let agent = try site.beginSync(name: "ws-1.corp.example.test", timeout: 180)
            try await site.control(#"{"do":"awaitHeld"}"#)
            try Self.fill(server)
            try await site.control(#"{"do":"release","lost":false}"#)
            #expect(await site.server.ended() == 69, "\(site.server.printed)")
            #expect(site.server.printed.contains("disk is full"), "\(site.server.printed)")
            #expect(site.server.printed.contains("Make room"), "\(site.server.printed)")
            try FileManager.default.removeItem(atPath: "\(server)/ballast")
            try await site.crashServer()
            #expect(await agent.ended() == 0, "\(agent.printed)\n\(site.server.printed)")
            try await CrashTests.expectWhole(site, "ws-1.corp.example.test", "after a full disk")
            await site.stop()
        }
    }

    enum Flaw: String, CaseIterable {
        case expired
        case wrongDomain
    }

    /// A chain and its key, in files.
    static func writeChain(
        to folder: String, named name: String, years: Int, root: (Certificate, PrivateKey)
    ) throws {
        let key = try PrivateKey.rsa(bits: 2048)
        let now = Int(Date().timeIntervalSince1970) - years * 365 * 86_400
        let leaf = try CertificateProfile.provisioning(try Hostname(name)).issue(
            for: try key.publicKey, by: root.0, signingWith: root.1, now: now)
        try (leaf.pem + root.0.pem).write(toFile: "\(folder)/chain", atomically: true, encoding: .utf8)
        try key.pem.reveal { try Data($0).write(to: URL(filePath: "\(folder)/key")) }
    }

    @Test(
        "whose provisioning certificate no firmware would take tries none, says why, and goes on with a good one",
        arguments: Flaw.allCases)
    func provisioningCertificate(flaw: Flaw) async throws {
        try await withTemporaryFolder { folder in
            let rootKey = try PrivateKey.rsa(bits: 2048)
            let root = try CertificateProfile.root("R").issue(
                for: try rootKey.publicKey, by: nil, signingWith: rootKey,
                now: Int(Date().timeIntervalSince1970) - 5 * 365 * 86_400)
            let name = flaw == .wrongDomain ? "p.elsewhere.test" : "p.corp.example.test"
            try Self.writeChain(to: folder, named: name, years: flaw == .expired ? 4 : 0, root: (root, rootKey))
            let site = try await Site(
                in: folder, number: flaw == .expired ? 57 : 58,
                server: ["--provisioning-chain", "\(folder)/chain", "--provisioning-key", "\(folder)/key"],
                provisions: false)
            try await site.server.awaitLine("job failed")
            let words = flaw == .expired ? "is not valid today" : "is not in corp.example.test"
            let page = try await site.console("jobs", "show", "1").output
            #expect(page.contains("no-suitable-chain") && page.contains(words), "\(page)")
            #expect(page.contains("what to do     \(flaw == .expired ? "Renew it" : "Use a certificate")"), "\(page)")
            let doctor = try await site.console("doctor").output
            #expect(doctor.contains("FAIL  provisioning chain") && doctor.contains(words), "\(doctor)")
            #expect(try await site.control(#"{"do":"state"}"#)["requests"] as? Int == 0, "something was sent")

            try Self.writeChain(to: folder, named: "p.corp.example.test", years: 0, root: (root, rootKey))
            try await site.crashServer {
                for (made, used) in [("chain", "provisioning.pem"), ("key", "provisioning.key")] {
                    try Data(contentsOf: URL(filePath: "\(folder)/\(made)")).write(
                        to: URL(filePath: "\(folder)/server/\(used)"))
                }
            }
            #expect(try await site.console("devices", "retry", Site.machine).status == 0)
            try await site.awaitStage("managed")
            await site.stop()
        }
    }

    @Test("is not made with a provisioning chain that lacks its root, and the hint says to append it")
    func rootless() async throws {
        try await withTemporaryFolder { folder in
            let rootKey = try PrivateKey.rsa(bits: 2048)
            let root = try CertificateProfile.root("R").issue(
                for: try rootKey.publicKey, by: nil, signingWith: rootKey, now: Int(Date().timeIntervalSince1970))
            try Self.writeChain(to: folder, named: "p.corp.example.test", years: 0, root: (root, rootKey))
            let leaf = try #require(
                try Certificate.all(pem: String(contentsOfFile: "\(folder)/chain", encoding: .utf8)).first)
            try leaf.pem.write(toFile: "\(folder)/chain", atomically: true, encoding: .utf8)
            let made = try await run(
                "namesake-server",
                [
                    "init", "--folder", "\(folder)/server", "--domain", Site.domain, "--address", "127.0.0.1",
                    "--provisioning-chain", "\(folder)/chain", "--provisioning-key", "\(folder)/key",
                ])
            #expect(made.status == 78, "\(made.output)")
            #expect(made.output.contains("does not end in a root") && made.output.contains("Append the root"))
        }
    }
}
