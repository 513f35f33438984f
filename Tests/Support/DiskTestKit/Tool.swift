import AgentTestKit
import Glibc

/// A program of the system that makes or changes disks.
package struct Tool: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    package var description: String { name }
    package init(_ name: String) { self.name = name }

    package var path: String? {
        ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
    package static func areThere(_ names: String...) -> Bool { names.allSatisfy { Tool($0).path != nil } }

    /// - Throws: `Trouble` where it is not installed, or ends with anything but 0.
    @discardableResult
    package func run(_ arguments: [String]) async throws -> String {
        guard let path else { throw Trouble("\(name) is not installed") }
        let ending = try await RunningProgram(path, arguments).ending()
        guard ending.status == 0 else { throw Trouble("\(name) \(arguments): \(ending)") }
        return ending.output
    }
}
