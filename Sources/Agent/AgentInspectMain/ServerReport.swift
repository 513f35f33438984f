import AgentCore
import AgentOptions
import Glibc
import Vocabulary

/// Tells the server a verdict, by the program that speaks to it.
struct ServerReport {
    /// Both as `namesake-agent sync` takes them.
    var enrolment: String?
    var device: String?

    /// - Returns: 0 once the server knows; otherwise what `namesake-agent` ends with for that failure, which was told.
    func send(_ verdict: String) -> Int32 {
        var words = ["namesake-agent-sync", "inspected", verdict, "--timeout", "30"]
        if let enrolment { words += ["--enrolment", enrolment] }
        if let device { words += ["--device", device] }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for word in arguments { free(word) } }
        var process: pid_t = 0
        // The package has it in the folder of this program, and so has a build.
        let folder = ownFolder()
        let outcome = posix_spawn(&process, "\(folder)/namesake-agent-sync", nil, nil, &arguments, environ)
        guard outcome == 0 else {
            let failure = Failure(
                .syncProgramMissing, "namesake-agent-sync cannot be run from \(folder)",
                hint: "Install the whole package: --report needs it.")
            return explain(failure, json: false, command: "inspect").rawValue
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        // WEXITSTATUS and WIFEXITED, which are macros; a killed program told nobody anything.
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 70
    }
}
