import ArgumentParser
import Certificates
import Foundation
import Provisioning
import Vocabulary

/// `init`: a folder with everything that a server needs to begin.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes the server's folder: keys, a certificate authority, a provisioning certificate, configuration."
    )

    @OptionGroup var folder: FolderOption

    @Option(help: "The DNS domain of new machines; firmware accepts a provisioning certificate of its own domain only.")
    var domain: String

    @Option(help: "The address on which the server listens, and the name or address by which agents reach it.")
    var address: String

    @Option(help: "The port for hellos. Firmware calls 9971.")
    var helloPort = 9971

    @Option(help: "The port for agents.")
    var apiPort = 8443

    @OptionGroup var provisioning: ProvisioningCertificateOptions

    @Option(
        help: "How a managed firmware gets another name: auto, in-place, or partial (partial unprovisioning first).")
    var route = Routes.Policy.auto

    @Option(
        help: "Put the root's key into this new file, to be taken offline, and let an authority below it issue.")
    var offlineRoot: String?

    @Option(help: "PEM chain of an authority to issue with, made elsewhere: itself first, its root last.")
    var authorityChain: String?

    @Option(help: "PEM key of that authority.")
    var authorityKey: String?

    func run() throws {
        let folder = folder.value
        let domain = try Self.hostname(domain)
        // Read before anything is made: a refused file leaves no half folder.
        let chain = try provisioning.chain(folder)
        guard mkdir(folder.path, 0o700) == 0 || errno == EEXIST else {
            throw Failure(.configurationInvalid, "cannot make \(folder.path): \(String(cString: strerror(errno)))")
        }
        guard !FileManager.default.fileExists(atPath: folder.configuration) else {
            throw Failure(
                .configurationInvalid, "\(folder.path) already holds a server",
                hint: "Nothing was changed. Choose another folder, or remove this one if it is not needed.")
        }
        let now = Int(Date().timeIntervalSince1970)
        print("making keys and certificates in \(folder.path)")
        try folder.create(folder.masterKey, try randomBytes(32))
        let authority = try makeAuthority(folder, domain, now)
        try makeAPICertificate(folder, authority, now)
        if let chain {
            try folder.put(chain) { (file: String, bytes: [UInt8]) throws(Failure) in try folder.create(file, bytes) }
        } else {
            try makeProvisioningChain(folder, domain, now)
        }
        try writeConfiguration(folder, domain)
        print("agents trust      \(folder.authorityCertificate)")
        print("firmware trusts   \(folder.provisioningRoot)  (its SHA-256 goes into MEBx or a USB key)")
        print("next              namesake-server serve --folder \(folder.path)")
    }

    private static func hostname(_ text: String) throws(Failure) -> Hostname {
        do { return try Hostname(text) } catch { throw Failure(.nameInvalid, "'\(text)' is no domain: \(error)") }
    }

    private typealias Pair = (certificate: Certificate, key: PrivateKey)

    /// Its certificate, then those above it, and its key; the root's key stays only where there is nothing below it.
    private func makeAuthority(_ folder: ServerFolder, _ domain: Hostname, _ now: Int) throws(Failure) -> Pair {
        if let authorityChain, let authorityKey {
            let links = try Certificate.all(pem: try folder.text(authorityChain))
            let key = try PrivateKey(pem: Secret(try folder.read(authorityKey)))
            _ = try BuiltInAuthority(chain: links, key: key)
            var text = ""
            for link in links { text += try link.pem }
            try folder.create(folder.authorityCertificate, Array(text.utf8))
            try key.pem.reveal { (bytes: [UInt8]) throws(Failure) in try folder.create(folder.authorityKey, bytes) }
            return (links[0], key)
        }
        guard let offlineRoot else {
            let root = try makeRoot("Namesake authority of \(domain)", now)
            try write(root, folder.authorityCertificate, folder.authorityKey, folder)
            return root
        }
        let root = try makeRoot("Namesake root of \(domain)", below: 1, now)
        let key = try PrivateKey.rsa(bits: 3072)
        let issuer = try CertificateProfile.intermediate("Namesake authority of \(domain)").issue(
            for: try key.publicKey, by: root.certificate, signingWith: root.key, now: now)
        try root.key.pem.reveal { (bytes: [UInt8]) throws(Failure) in try folder.create(offlineRoot, bytes) }
        try folder.create(
            folder.authorityCertificate, Array(try issuer.pem.utf8) + Array(try root.certificate.pem.utf8))
        try key.pem.reveal { (bytes: [UInt8]) throws(Failure) in try folder.create(folder.authorityKey, bytes) }
        print("take offline      \(offlineRoot)  (the root's key; the server does not need it)")
        return (issuer, key)
    }

    private func makeRoot(_ name: String, below: Int = 0, _ now: Int) throws(Failure) -> Pair {
        let key = try PrivateKey.rsa(bits: 2048)
        return (
            try CertificateProfile.root(name, below: below).issue(
                for: try key.publicKey, by: nil, signingWith: key, now: now), key
        )
    }

    private func write(_ pair: Pair, _ certificate: String, _ key: String, _ folder: ServerFolder) throws(Failure) {
        try folder.create(certificate, Array(try pair.certificate.pem.utf8))
        try pair.key.pem.reveal { (bytes: [UInt8]) throws(Failure) in try folder.create(key, bytes) }
    }

    private func makeAPICertificate(_ folder: ServerFolder, _ authority: Pair, _ now: Int) throws(Failure) {
        var profile = CertificateProfile(commonName: address, lifetime: .seconds(5 * 365 * 86_400))
        let isAddress = address.allSatisfy { $0.isNumber || $0 == "." } || address.contains(":")
        profile.subjectAlternativeNames = ["\(isAddress ? "IP" : "DNS"):\(address)"]
        profile.extendedKeyUsages = ["serverAuth"]
        let key = try PrivateKey.rsa(bits: 2048)
        let certificate = try profile.issue(
            for: try key.publicKey, by: authority.certificate, signingWith: authority.key, now: now)
        try write((certificate, key), folder.apiCertificate, folder.apiKey, folder)
    }

    private func makeProvisioningChain(_ folder: ServerFolder, _ domain: Hostname, _ now: Int) throws(Failure) {
        let root = try makeRoot("Namesake provisioning root of \(domain)", now)
        let key = try PrivateKey.rsa(bits: 2048)
        let name = try Self.hostname("provisionserver.\(domain)")
        let leaf = try CertificateProfile.provisioning(name).issue(
            for: try key.publicKey, by: root.certificate, signingWith: root.key, now: now)
        let rootPEM = Array(try root.certificate.pem.utf8)
        try folder.create(folder.provisioningRoot, rootPEM)
        try folder.create(folder.provisioningChain, Array(try leaf.pem.utf8) + rootPEM)
        try key.pem.reveal { (bytes: [UInt8]) throws(Failure) in try folder.create(folder.provisioningKey, bytes) }
        // The root's key has signed the one leaf that it was made for and is dropped here.
    }

    private func writeConfiguration(_ folder: ServerFolder, _ domain: Hostname) throws {
        let configuration = ServerConfiguration(
            domain: domain, domains: [domain], hello: "\(address):\(helloPort)", api: "\(address):\(apiPort)",
            firmwarePort: 16993, jobsAtOnce: 256, route: route)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try folder.create(folder.configuration, Array(try encoder.encode(configuration)) + [0x0A])
    }
}

extension Routes.Policy: ExpressibleByArgument {}
