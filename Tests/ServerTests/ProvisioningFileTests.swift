import Certificates
import Foundation
import TestKit
import Testing
import Vocabulary

/// A provisioning certificate as authorities and Windows hand it out: PKCS#12, made by openssl.
@Suite("A provisioning certificate from PKCS#12", .serialized)
struct ProvisioningFileTests {
    /// Root, intermediate and leaf with its key, in one sealed file, and the password in another.
    static func writePKCS12(to folder: String, sealing: String) async throws {
        let now = Int(Date().timeIntervalSince1970)
        let (rootKey, middleKey, key) = (
            try PrivateKey.rsa(bits: 2048), try PrivateKey.rsa(bits: 2048), try PrivateKey.rsa(bits: 2048)
        )
        let root = try CertificateProfile.root("R", below: 1).issue(
            for: try rootKey.publicKey, by: nil, signingWith: rootKey, now: now)
        let middle = try CertificateProfile.intermediate("M").issue(
            for: try middleKey.publicKey, by: root, signingWith: rootKey, now: now)
        let leaf = try CertificateProfile.provisioning(try Hostname("p.\(Site.domain)")).issue(
            for: try key.publicKey, by: middle, signingWith: middleKey, now: now)
        // The root first: the order is not the file's business.
        try (root.pem + middle.pem).write(toFile: "\(folder)/others", atomically: true, encoding: .utf8)
        try leaf.pem.write(toFile: "\(folder)/leaf", atomically: true, encoding: .utf8)
        try key.pem.reveal { try Data($0).write(to: URL(filePath: "\(folder)/key")) }
        try Data("correct horse\n".utf8).write(to: URL(filePath: "\(folder)/password"))
        chmod("\(folder)/password", 0o600)
        let made = try await run(
            "/bin/sh",
            [
                "-c",
                "cd \(folder) && openssl pkcs12 -export -inkey key -in leaf -certfile others -passout file:password "
                    + "-out chain.pfx \(sealing)",
            ])
        guard made.status == 0 else { throw Unexpected(made.output) }
    }

    static func initialize(_ folder: String, _ more: [String]) async throws -> (status: Int32, output: String) {
        try await run(
            "namesake-server",
            [
                "init", "--folder", "\(folder)/refused", "--domain", Site.domain, "--address", "127.0.0.1",
                "--provisioning-pkcs12", "\(folder)/chain.pfx",
            ] + more)
    }

    @Test(
        "provisions a machine under an intermediate, sealed with AES and with Windows' old ciphers",
        arguments: ["", "-legacy"])
    func provisions(sealing: String) async throws {
        try await withTemporaryFolder { folder in
            try await Self.writePKCS12(to: folder, sealing: sealing)
            let site = try await Site(
                in: folder,
                server: [
                    "--provisioning-pkcs12", "\(folder)/chain.pfx", "--provisioning-password-file",
                    "\(folder)/password",
                ])
            let doctor = try await site.console("doctor").output
            #expect(doctor.contains("ok    provisioning chain: p.\(Site.domain)"), "\(doctor)")
            let shown = try await site.console("authority", "provisioning").output
            #expect(shown.contains("p.\(Site.domain) < M < R"), "\(shown)")
            await site.stop()
        }
    }

    @Test("is refused with a wrong password, with one that others may read, and when it is no such file")
    func refused() async throws {
        try await withTemporaryFolder { folder in
            try await Self.writePKCS12(to: folder, sealing: "")
            let password = ["--provisioning-password-file", "\(folder)/password"]
            let without = try await Self.initialize(folder, [])
            #expect(without.status == 78 && without.output.contains("does not open the PKCS#12"), "\(without.output)")
            try Data("wrong\n".utf8).write(to: URL(filePath: "\(folder)/password"))
            let wrong = try await Self.initialize(folder, password)
            #expect(wrong.status == 78 && wrong.output.contains("does not open the PKCS#12"), "\(wrong.output)")
            #expect(wrong.output.contains("first line"), "\(wrong.output)")
            chmod("\(folder)/password", 0o644)
            let open = try await Self.initialize(folder, password)
            #expect(open.status == 78 && open.output.contains("chmod 600"), "\(open.output)")
            chmod("\(folder)/password", 0o600)
            try Data("no such file".utf8).write(to: URL(filePath: "\(folder)/chain.pfx"))
            let garbage = try await Self.initialize(folder, password)
            #expect(garbage.status == 78 && garbage.output.contains("no PKCS#12 file"), "\(garbage.output)")
        }
    }

    @Test("in PEM is refused with the file's name and what to do: sealed with a passphrase, no PEM, not there")
    func unreadable() async throws {
        try await withTemporaryFolder { folder in
            try await Self.writePKCS12(to: folder, sealing: "")
            let made = try await run(
                "/bin/sh",
                [
                    "-c",
                    "cd \(folder) && cat leaf others >chain && openssl pkey -in key -aes256 -passout pass:x -out sealed",
                ])
            #expect(made.status == 0, "\(made.output)")
            for (chain, key, words, remedy) in [
                ("chain", "sealed", "sealed: the private key is sealed", "openssl pkey -in KEY"),
                ("chain.pfx", "key", "chain.pfx: no certificate", "--provisioning-pkcs12"),
                ("chain", "leaf", "leaf: no private key", "It has to be PEM"),
                ("nobody", "key", "cannot read \(folder)/nobody", "Check the name"),
            ] {
                let refused = try await run(
                    "namesake-server",
                    [
                        "init", "--folder", "\(folder)/refused", "--domain", Site.domain, "--address", "127.0.0.1",
                        "--provisioning-chain", "\(folder)/\(chain)", "--provisioning-key", "\(folder)/\(key)",
                    ])
                #expect(refused.status == 78, "\(refused.output)")
                #expect(refused.output.contains(words) && refused.output.contains(remedy), "\(refused.output)")
                #expect(!refused.output.contains("pass phrase"), "\(refused.output)")
                #expect(!FileManager.default.fileExists(atPath: "\(folder)/refused"))
            }
        }
    }
}
