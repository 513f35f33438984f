import Foundation
import Vocabulary

extension ServerFolder {
    /// Passwords that people or makers gave MEBx before the first hello, a line each.
    var firstLoginPasswords: String { "\(path)/first-login.passwords" }

    /// How many there may be: each is one more refused login of a firmware that knows none of them.
    static let mostFirstLogins = 3

    /// - Throws: ``Failure`` with ``Failure/Code/configurationInvalid`` where others may read the file, or it holds more
    ///   than firmware should be asked.
    func firstLogins() throws(Failure) -> [Secret] {
        guard FileManager.default.fileExists(atPath: firstLoginPasswords) else { return [] }
        var status = stat()
        guard stat(firstLoginPasswords, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw Failure(
                .configurationInvalid, "others may read \(firstLoginPasswords)",
                hint: "chmod 600 \(firstLoginPasswords)")
        }
        let lines = try text(firstLoginPasswords).split(whereSeparator: \.isNewline).filter { !$0.isEmpty }
        guard lines.count <= Self.mostFirstLogins else {
            throw Failure(
                .configurationInvalid,
                "\(firstLoginPasswords) holds \(lines.count) passwords, and a firmware is asked with "
                    + "\(Self.mostFirstLogins) at most",
                hint: "Keep those that are in use; wrong ones lock accounts for a while.")
        }
        return lines.map { Secret(String($0)) }
    }
}
