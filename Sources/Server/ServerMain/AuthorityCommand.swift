import ArgumentParser
import Certificates
import Fleet
import Foundation
import Provisioning
import StorageSQLite
import Vocabulary

/// `authority`: the certificate authority of the server's folder.
struct AuthorityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authority", abstract: "Shows the certificate authority and what it took back.",
        subcommands: [Show.self, RevocationListCommand.self, ProvisioningCertificateCommand.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The chain, the profile, the revoked certificates.")
        @OptionGroup var folder: FolderOption

        func run() async throws {
            let folder = folder.value
            let profile = try ServerConfiguration.load(from: folder).leafProfile
            var rows: [[String]] = []
            for link in try Certificate.all(pem: try folder.text(folder.authorityCertificate)) {
                rows.append([
                    rows.isEmpty ? "issues" : "above",
                    "\(link.subjectCommonName), until \(timeText(Double(link.notAfter)))",
                ])
            }
            rows.append([
                "leaves",
                "RSA-\(profile.keyBits), \(profile.digest.rawValue), \(profile.days) days, renewed "
                    + "\(profile.renewDaysBefore) days before their end",
            ])
            for revoked in try await folder.existingStore().revocations() {
                let reason = RevocationReason(rawValue: revoked.reason).map { "\($0)" } ?? "\(revoked.reason)"
                rows.append(["revoked", "\(revoked.serial), \(timeText(revoked.at)), \(reason)"])
            }
            print(table(rows))
        }
    }

    struct RevocationListCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "crl", abstract: "Writes the certificate revocation list, DER, good for 30 days.",
            discussion: "A server that runs keeps authority.crl in its folder up to date by itself.")
        @OptionGroup var folder: FolderOption
        @Option(help: "The file to write.") var output: String

        func run() async throws {
            let folder = folder.value
            let authority = try folder.authority(
                try ServerConfiguration.load(from: folder).leafProfile, try folder.existingStore())
            try await writeRevocationList(authority, to: output, now: Date().timeIntervalSince1970)
            print(output)
        }
    }
}

/// Writes the list in the place of the former one.
func writeRevocationList(_ authority: BuiltInAuthority, to path: String, now: Double) async throws(Failure) {
    try replaceFile(path, try await authority.revocationList(now: now).der)
}

extension ServerFolder {
    /// The authority that issues certificates to firmware.
    func authority(
        _ profile: BuiltInAuthority.LeafProfile, _ store: SQLiteStore? = nil
    ) throws(Failure) -> BuiltInAuthority {
        try BuiltInAuthority(
            chain: try Certificate.all(pem: try text(authorityCertificate)),
            key: try PrivateKey(pem: Secret(try read(authorityKey))), profile: profile, revocations: store)
    }
}
