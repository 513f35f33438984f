import ArgumentParser
import Certificates
import Foundation
import Provisioning
import Vocabulary

/// Where a provisioning certificate comes from.
struct ProvisioningCertificateOptions: ParsableArguments {
    @Option(
        help: "PEM certificates of a provisioning certificate from a public authority, in any order, with its root.")
    var provisioningChain: String?

    @Option(help: "PEM key of that certificate.")
    var provisioningKey: String?

    @Option(help: "The same as one PKCS#12 file (.pfx, .p12).")
    var provisioningPkcs12: String?

    @Option(help: "A file whose first line opens the PKCS#12 file; readable for its owner alone.")
    var provisioningPasswordFile: String?

    func validate() throws {
        guard (provisioningChain == nil) == (provisioningKey == nil) else {
            throw ValidationError("--provisioning-chain and --provisioning-key go together")
        }
        guard provisioningPkcs12 == nil || provisioningChain == nil else {
            throw ValidationError("either --provisioning-pkcs12 or --provisioning-chain")
        }
        guard provisioningPasswordFile == nil || provisioningPkcs12 != nil else {
            throw ValidationError("--provisioning-password-file goes with --provisioning-pkcs12")
        }
    }

    /// The chain that the options name, `nil` when they name none.
    ///
    /// - Throws: ``Failure``: a file that cannot be read, a wrong password, a chain without its root.
    func chain(_ folder: ServerFolder) throws(Failure) -> ProvisioningChain? {
        let chain: ProvisioningChain
        if let provisioningPkcs12 {
            let file = try PKCS12(der: try folder.read(provisioningPkcs12), password: try password(folder))
            chain = try ProvisioningChain(links: file.certificates, key: file.key)
        } else if let provisioningChain, let provisioningKey {
            let (text, secret) = (try folder.text(provisioningChain), Secret(try folder.read(provisioningKey)))
            let (links, key): ([Certificate], PrivateKey)
            do throws(Failure) { links = try Certificate.all(pem: text) } catch {
                throw unread(provisioningChain, error)
            }
            do throws(Failure) { key = try PrivateKey(pem: secret) } catch { throw unread(provisioningKey, error) }
            chain = try ProvisioningChain(links: links, key: key)
        } else {
            return nil
        }
        try chain.requireRoot()
        return chain
    }

    private func unread(_ file: String, _ failure: Failure) -> Failure {
        Failure(
            failure.code, "\(file): \(failure.message)",
            hint: failure.hint
                ?? "It has to be PEM text. One file of both (.pfx, .p12) goes with --provisioning-pkcs12.")
    }

    private func password(_ folder: ServerFolder) throws(Failure) -> Secret {
        guard let provisioningPasswordFile else { return Secret("") }
        var status = stat()
        guard stat(provisioningPasswordFile, &status) != 0 || status.st_mode & 0o077 == 0 else {
            throw Failure(
                .configurationInvalid, "others may read the password file \(provisioningPasswordFile)",
                hint: "chmod 600 \(provisioningPasswordFile)")
        }
        let bytes = try folder.read(provisioningPasswordFile)
        return Secret(Array(bytes.prefix { $0 != 0x0A && $0 != 0x0D }))
    }
}

/// `authority provisioning`: another provisioning certificate in the place of the server's.
struct ProvisioningCertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provisioning", abstract: "Shows the provisioning certificate, or puts another in its place.",
        discussion: "A server that runs takes it up at its next start; jobs that failed go on with `jobs retry`.")
    @OptionGroup var folder: FolderOption
    @OptionGroup var options: ProvisioningCertificateOptions

    func run() async throws {
        let folder = folder.value
        let domain = try ServerConfiguration.load(from: folder).domain
        if let chain = try options.chain(folder) {
            try chain.check(
                against: chain.roots.map(\.fingerprint.hexadecimal), domain: domain, now: Date().timeIntervalSince1970)
            try folder.put(chain) { (file: String, bytes: [UInt8]) throws(Failure) in try replaceFile(file, bytes) }
        }
        let chain = try folder.chain()
        print(
            table(
                [
                    ["certificate", chain.leaf.subjectCommonName],
                    ["until", timeText(Double(chain.leaf.notAfter))],
                ]
                    + chain.paths.map { path in
                        ["way", path.map(\.subjectCommonName).joined(separator: " < ")]
                    } + chain.roots.map { ["root SHA-256", $0.fingerprint.hexadecimal] }))
    }
}

extension ServerFolder {
    /// The chain with which this server provisions.
    func chain() throws(Failure) -> ProvisioningChain {
        try ProvisioningChain(
            links: try Certificate.all(pem: try text(provisioningChain)),
            key: try PrivateKey(pem: Secret(try read(provisioningKey))))
    }

    /// Writes chain, key and root; the key first, which alone says nothing.
    func put(
        _ chain: ProvisioningChain, by write: (String, [UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        let pem = try chain.pem
        try pem.key.reveal { (bytes: [UInt8]) throws(Failure) in try write(provisioningKey, bytes) }
        try write(provisioningChain, Array(pem.chain.utf8))
        var roots = ""
        for root in chain.roots { roots += try root.pem }
        try write(provisioningRoot, Array(roots.utf8))
    }
}
