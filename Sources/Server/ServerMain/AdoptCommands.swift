import ArgumentParser
import Certificates
import CurlClient
import Fleet
import Foundation
import Jobs
import Provisioning
import Vocabulary

/// `devices look`: what a firmware presents, for a person who is to accept it.
struct LookAtDevice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "look", abstract: "Shows the certificate and key that a firmware presents; sends nothing.")
    @OptionGroup var folder: FolderOption
    @Option(help: "Its IP address.") var address: String
    @Flag(help: "TLS 1.0 and 1.1 will do, which AMT up to 11 has nothing better than.") var legacyTLS = false

    func run() async throws {
        let configuration = try ServerConfiguration.load(from: folder.value)
        let found = try await look(
            at: address, port: configuration.firmwarePort, trust: .setUpPeer, legacyTLS: legacyTLS)
        print(
            table([
                ["name", found.subjectCommonName], ["until", timeText(Double(found.notAfter))],
                ["key (SPKI SHA-256)", found.publicKey.pin.hexadecimal],
            ]))
    }
}

/// What the firmware presents; nothing is sent.
///
/// - Parameters:
///   - address: An IP address.
///   - port: Of TLS.
///   - name: What its certificate must carry, where authorities are asked for.
///   - trust: Who will do.
///   - legacyTLS: Whether TLS 1.0 and 1.1 will do.
/// - Returns: Its certificate.
/// - Throws: ``Failure``: nobody there, nobody who will do, or a certificate that cannot be read.
private func look(
    at address: String, port: Int, name: String? = nil, trust: PeerTrust, legacyTLS: Bool
) async throws -> Certificate {
    let client = try CurlClient()
    defer { client.close() }
    var request = HTTPRequest("GET", "https://\(name ?? address):\(port)/", trust: trust)
    request.connectTo = "\(address):\(port)"
    request.looksOnly = true
    request.allowsLegacyTLS = legacyTLS
    let der: [UInt8]?
    do throws(CurlFault) { der = try await client.send(request).peerCertificate } catch {
        switch error {
        case .peerNotTrusted(let why):
            throw Failure(
                .firmwarePeerNotTrusted,
                "the certificate at \(address) is not one of the accepted authorities', or not for "
                    + "\(name ?? address): \(why)",
                hint: "Compare its key (`devices look`) with what the other console knows, then give it with --key.")
        case .peerTooOld(let why):
            throw Failure(
                .firmwareTLSTooOld, "\(address) speaks only TLS 1.0 or 1.1: \(why)",
                hint: "AMT up to 11 has nothing better. Where that will do: --legacy-tls.")
        default:
            throw Failure(
                .firmwareUnreachable, "nothing presents a certificate at \(address): \(error)",
                hint: "Check address, power and network.")
        }
    }
    guard let der else {
        throw Failure(.certificateUnreadable, "\(address) presents no certificate that can be read")
    }
    return try Certificate(der: der)
}

/// `devices adopt`: a firmware that another console provisioned becomes ours.
struct AdoptDevice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt", abstract: "Makes a firmware ours that another console provisioned.",
        discussion: "By Kerberos under the name that it has, or by a digest user whose password is read from standard "
            + "input. Its key, from `devices look`, has to be compared with what the other console knows before it is "
            + "accepted here; where `adoption` in the configuration names authorities, their certificate for that name "
            + "will do in its stead. Afterwards `devices rename` or its agent gives it a name and a certificate of ours."
    )
    @OptionGroup var folder: FolderOption
    @Argument(help: "The machine's UUID.") var machine: String
    @Option(help: "Its IP address.") var address: String
    @Option(help: "The full name that the firmware has now.") var name: String
    @Option(help: "The key that you accept, 64 hexadecimal digits; by the configuration's authorities when left out.")
    var key: String?
    @Flag(help: "Log on with a Kerberos ticket.") var kerberos = false
    @Option(help: "Log on as this digest user; its password is the first line of standard input.") var user: String?
    @Flag(help: "Give admin a password of this server's; the other console loses it.") var takeAdmin = false
    @Flag(help: "TLS 1.0 and 1.1 will do with this machine, from now on.") var legacyTLS = false

    func validate() throws {
        guard kerberos != (user != nil) else { throw ValidationError("give either --kerberos or --user") }
    }

    func run() async throws {
        let folder = folder.value
        guard let id = MachineID(machine), !id.isBogus else {
            throw Failure(.machineUnknown, "'\(machine.prefix(64))' is no UUID of one machine")
        }
        let accepted = try await acceptedKey(folder)
        if user != nil {
            guard let password = readLine(), !password.isEmpty else {
                throw Failure(
                    .configurationInvalid, "no password came on standard input",
                    hint: "Give it as the first line, from a file or by a prompt of your own.")
            }
            let ring = try MasterKeyFile(folder).read()
            let vault = Vault(keys: VaultKeys(ring) { () throws(Failure) in ring }, store: try folder.existingStore())
            try await vault.keep(Secret(password), as: .adoption, of: id, now: Date().timeIntervalSince1970)
        }
        let way = user.map { Array($0.utf8).hexadecimal } ?? "kerberos"
        let job = try await Console(folder: folder).ask(
            JobRecord.self,
            [
                "devices", machine, "adopt", address, name, accepted, way, takeAdmin ? "take-admin" : "keep-admin",
            ] + (legacyTLS ? ["legacy-tls"] : []))
        print("job \(job.id): \(job.kind.rawValue); follow it with `namesake-server jobs show \(job.id)`")
    }

    /// What a person has accepted, else what the configured authorities vouch for.
    private func acceptedKey(_ folder: ServerFolder) async throws -> String {
        if let key { return key.lowercased() }
        let configuration = try ServerConfiguration.load(from: folder)
        guard let policy = configuration.adoption else {
            throw Failure(
                .configurationInvalid, "nobody accepts this firmware's key",
                hint: "Compare what `devices look` shows with what the other console knows, and give it with --key; or "
                    + "set `adoption` in configuration.json: {\"authorities\": \"/path/of/the/other/console.pem\"}.")
        }
        let found = try await look(
            at: address, port: configuration.firmwarePort, name: name,
            trust: .authorities(try folder.text(policy.authorities)), legacyTLS: legacyTLS)
        let key = found.publicKey.pin.hexadecimal
        print("accepted by \(policy.authorities): \(found.subjectCommonName), key \(key)")
        return key
    }
}
