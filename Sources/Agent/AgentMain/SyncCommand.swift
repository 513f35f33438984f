import AgentCore
import ArgumentParser
import Glibc
import Vocabulary

/// Hands over to the program that speaks to the server.
///
/// It is another program because it needs libcurl, which would make every start of this one slower.
struct SyncCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Have the server make the names match, and wait for it.",
        discussion: "All arguments go to namesake-agent-sync; see namesake-agent sync --help.")

    @Argument(parsing: .captureForPassthrough, help: "Arguments of namesake-agent-sync.")
    var arguments: [String] = []

    func run() throws {
        let candidates = Self.candidates(beside: ownPath())
        for path in candidates where access(path, X_OK) == 0 {
            // The copies live until the program is replaced.
            var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
            words.append(nil)
            execv(path, words)
        }
        let failure = Failure(
            .syncProgramMissing, "namesake-agent-sync cannot be run from \(candidates.joined(separator: " or "))",
            hint: "Install the whole package: it belongs into libexec/namesake beside bin.")
        complain(failure.explanation)
        throw ExitCode(ExitStatus(failure).rawValue)
    }

    /// Where the package puts it, then where a build does.
    static func candidates(beside own: String) -> [String] {
        let folder = own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return ["\(folder)/../libexec/namesake/namesake-agent-sync", "\(folder)/namesake-agent-sync"]
    }
}

/// The file that this process runs.
private func ownPath() -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes -> Int in
        guard let text = bytes.bindMemory(to: CChar.self).baseAddress else { return -1 }
        return readlink("/proc/self/exe", text, bytes.count)
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
}
