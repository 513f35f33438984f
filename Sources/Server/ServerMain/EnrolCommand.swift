import ArgumentParser
import Certificates
import Fleet
import Foundation
import StorageSQLite
import Vocabulary
import Wire

/// `enrol`: a file that lets agents speak to this server for a while.
struct EnrolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol", abstract: "Writes an enrolment file: the server's address, its authority, a build token.")

    @OptionGroup var folder: FolderOption

    @Option(help: "The file to write, mode 0600. It holds a secret.")
    var output: String

    @Option(help: "How many hours the build token is good for.")
    var validHours = 24.0

    @Option(help: "What the token is for, for the operator's list.")
    var note = ""

    func run() async throws {
        let folder = folder.value
        let configuration = try ServerConfiguration.load(from: folder)
        let store = try SQLiteStore(path: folder.store)
        let token = Secret(try randomBytes(32).hexadecimal)
        let now = Date().timeIntervalSince1970
        try await store.add(
            tokenHash: token.reveal { Digest.sha256($0) }, note: note, ends: now + validHours * 3600, now: now)
        let enrolment = Enrolment(
            server: "https://\(configuration.api)", serverCA: try folder.text(folder.authorityCertificate),
            token: token.revealedText)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try folder.create(output, Array(try encoder.encode(enrolment)) + [0x0A])
        print(
            "enrolment file \(output), good for \(validHours) hours; put it on the machine as /etc/namesake/enrolment.json"
        )
    }
}
