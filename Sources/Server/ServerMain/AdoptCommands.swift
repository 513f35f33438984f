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

    func run() async throws {
        let configuration = try ServerConfiguration.load(from: folder.value)
        let client = try CurlClient()
        defer { client.close() }
        var request = HTTPRequest("GET", "https://\(address):\(configuration.firmwarePort)/", trust: .setUpPeer)
        request.looksOnly = true
        let pem: String?
        do { pem = try await client.send(request).peerCertificate } catch {
            throw Failure(
                .firmwareUnreachable, "nothing presents a certificate at \(address): \(error)",
                hint: "Check address, power and network.")
        }
        guard let pem, let found = try Certificate.all(pem: pem).first else {
            throw Failure(.certificateUnreadable, "\(address) presents no certificate that can be read")
        }
        print(
            table([
                ["name", found.subjectCommonName], ["until", timeText(Double(found.notAfter))],
                ["key (SPKI SHA-256)", found.publicKey.pin.hexadecimal],
            ]))
    }
}

/// `devices adopt`: a firmware that another console provisioned becomes ours.
struct AdoptDevice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt", abstract: "Makes a firmware ours that another console provisioned.",
        discussion: "By Kerberos under the name that it has, or by a digest user whose password is read from standard "
            + "input. Its key, from `devices look`, has to be compared with what the other console knows before it is "
            + "accepted here. Afterwards `devices rename` or its agent gives it a name and a certificate of ours.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The machine's UUID.") var machine: String
    @Option(help: "Its IP address.") var address: String
    @Option(help: "The full name that the firmware has now.") var name: String
    @Option(help: "The key that you accept, 64 hexadecimal digits.") var key: String
    @Flag(help: "Log on with a Kerberos ticket.") var kerberos = false
    @Option(help: "Log on as this digest user; its password is the first line of standard input.") var user: String?
    @Flag(help: "Give admin a password of this server's; the other console loses it.") var takeAdmin = false

    func validate() throws {
        guard kerberos != (user != nil) else { throw ValidationError("give either --kerberos or --user") }
    }

    func run() async throws {
        let folder = folder.value
        guard let id = MachineID(machine), !id.isBogus else {
            throw Failure(.machineUnknown, "'\(machine.prefix(64))' is no UUID of one machine")
        }
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
                "devices", machine, "adopt", address, name, key.lowercased(), way,
                takeAdmin ? "take-admin" : "keep-admin",
            ])
        print("job \(job.id): \(job.kind.rawValue); follow it with `namesake-server jobs show \(job.id)`")
    }
}
