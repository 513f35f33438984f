import ArgumentParser
import Foundation

/// `enrol`: a file that lets agents speak to this server for a while.
struct EnrolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol", abstract: "Writes an enrolment file: the server's address, its authority, a build token.",
        discussion: "`tokens create` makes one of limited use.")

    @OptionGroup var folder: FolderOption

    @Option(help: "The file to write, mode 0600. It holds a secret.")
    var output: String

    @Option(help: "How many hours the build token is good for.")
    var validHours = 24.0

    @Option(help: "What the token is for, for the operator's list.")
    var note = ""

    func run() async throws {
        let ends = Date().timeIntervalSince1970 + validHours * 3600
        _ = try await issueToken(folder.value, to: output, note: note, ends: ends)
        print(
            "enrolment file \(output), good for \(validHours) hours; put it on the machine as /etc/namesake/enrolment.json"
        )
    }
}
