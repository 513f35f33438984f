import Foundation
import TestKit
import Testing

/// The certificate with which a machine's agent speaks for it when its build token has ended.
@Suite("A machine's own certificate", .serialized)
struct MachineCertificateTests {
    @Test("is had by the first proved job, stands in for an ended token, and for no other machine")
    func life() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let other = "04030201-0605-0807-090a-0b0c0d0e0f10"
            try sendPieces(
                [BadHelloTests.hello([UInt8](1...16))], to: "\(site.serverAddress)", port: 9971, from: "\(site.net).253"
            )
            let first = try await site.sync(name: "ws-1.corp.example.test")
            #expect(first.status == 0 && !first.output.contains("no certificate"), "\(first.output)")
            let file = "\(folder)/state/machine.pem"
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let shown = try await run("/usr/bin/openssl", ["x509", "-in", file, "-noout", "-text"]).output
            #expect(shown.contains("CN = \(Site.machine)") && shown.contains("TLS Web Client Authentication"))
            #expect(!shown.contains("TLS Web Server Authentication"))

            // The token ends; the machine is renamed again.
            let listed = try await site.console("tokens", "list").output
            let token = try #require(listed.firstMatch(of: /[0-9a-f]{12}/)).output
            #expect(try await site.console("tokens", "revoke", String(token)).status == 0)
            let second = try await site.sync(name: "ws-2.corp.example.test")
            #expect(second.status == 0, "\(second.output)")
            let doctor = try await Self.doctor(site)
            #expect(doctor.contains("ok   certificate") && doctor.contains("ok   server"), "\(doctor)")

            // It is this machine's, and nobody's without its key.
            let forged = try await Self.post(site, folder, machine: other, as: ["--cert", file])
            #expect(forged.hasSuffix("\n401") && forged.contains("was revoked"), "\(forged)")
            let own = try await Self.post(site, folder, machine: Site.machine, as: ["--cert", file])
            #expect(own.hasSuffix("\n200") && own.contains("in-sync"), "\(own)")

            let forgotten = try await site.console("devices", "forget-agent", Site.machine)
            #expect(forgotten.status == 0, "\(forgotten.output)")
            #expect(try await site.sync(name: "ws-3.corp.example.test").status == 30)
            await site.stop()
        }
    }

    @Test("is not given for a key that no job has proved, nor taken from another authority")
    func refusals() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let first = try await site.sync(name: "ws-1.corp.example.test")
            #expect(first.status == 0, "\(first.output)")
            // A thief with the token and a key of his own.
            let made = try await run(
                "/usr/bin/openssl",
                [
                    "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(Site.machine)", "-keyout",
                    "\(folder)/thief.key", "-out", "\(folder)/thief.csr",
                ])
            #expect(made.status == 0, "\(made.output)")
            let request = try String(contentsOfFile: "\(folder)/thief.csr", encoding: .utf8)
            _ = try await ClaimTests.post(site, folder, "ws-1.corp.example.test")
            for job in ["1", "2", "99", "x"] {
                let order = try JSONSerialization.data(withJSONObject: [
                    "wireVersion": 1, "machine": Site.machine, "job": job, "request": request,
                ])
                let answer = try await ClaimTests.curl(
                    folder,
                    [
                        "-d", String(decoding: order, as: UTF8.self),
                        "https://\(site.serverAddress):8443/v1/certificates",
                    ])
                #expect(answer.hasSuffix("\n409") && answer.contains("no job has proved"), "\(answer)")
            }
            let signed = try await run(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-key", "\(folder)/thief.key", "-subj", "/CN=\(Site.machine)", "-days", "2", "-out",
                    "\(folder)/thief.pem",
                ])
            #expect(signed.status == 0, "\(signed.output)")
            let alone = try await run(
                "/usr/bin/curl",
                [
                    "-sS", "--cacert", "\(folder)/ca.pem", "--cert", "\(folder)/thief.pem", "--key",
                    "\(folder)/thief.key", "https://\(site.serverAddress):8443/v1/token",
                ])
            #expect(alone.status != 0, "the handshake fails: \(alone.output)")
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            await site.stop()
        }
    }

    private static func doctor(_ site: Site) async throws -> String {
        try await run(
            "namesake-agent-sync",
            [
                "doctor", "--device", site.device, "--name", "ws-2.corp.example.test", "--enrolment",
                "\(site.folder)/enrolment", "--state-directory", "\(site.folder)/state",
            ]
        ).output
    }

    /// A report as that machine, with the ended token and what else is shown.
    private static func post(
        _ site: Site, _ folder: String, machine: String, as shown: [String]
    ) async throws -> String {
        _ = try await ClaimTests.post(site, folder, "ws-2.corp.example.test")
        let report = """
            {"wireVersion":1,"agentVersion":"x","machine":"\(machine)","osName":"ws-2.corp.example.test",\
            "osNameRule":"--name","firmwareName":"ws-2.corp.example.test","provisioningState":2,"controlMode":2}
            """
        return try await ClaimTests.curl(
            folder, shown + ["-d", report, "https://\(site.serverAddress):8443/v1/reports"])
    }
}
