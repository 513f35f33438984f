import AgentTestKit
import Foundation
import Glibc

/// The files that packages are made of.
enum Packaging {
    static let top = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
        .path
    static let folder = top + "/packaging"

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
    }
}

/// Where a program is, `nil` when it is not installed.
func installed(_ program: String) -> String? {
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
}

/// The built agent, beside this test's own program.
let agent: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(filePath: own).deletingLastPathComponent().appending(path: "namesake-agent").path
}()

func run(_ program: String, _ arguments: String...) async throws -> RunningProgram.Ending {
    try await RunningProgram(program, arguments).ending()
}
