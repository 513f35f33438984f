import AgentTestKit
import FoundationEssentials
import Glibc
import Testing

/// The built programs, run as a user would.
enum Agent {
    /// Where this test's own program lies: the build puts all programs there.
    static let products: String = {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes -> Int in
            guard let text = bytes.bindMemory(to: CChar.self).baseAddress else { return -1 }
            return readlink("/proc/self/exe", text, bytes.count)
        }
        let path = String(decoding: buffer[..<max(count, 0)], as: UTF8.self)
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }()

    static let path = products + "/namesake-agent"

    static func start(_ arguments: String...) throws -> RunningProgram { try RunningProgram(path, arguments) }

    static func run(_ arguments: String...) async throws -> RunningProgram.Ending {
        let ending = try await RunningProgram(path, arguments).ending()
        #expect(!ending.output.contains("Canary") && !ending.complaints.contains("Canary"), "a secret was printed")
        return ending
    }

    /// The members of a JSON object that are text, number or truth value, as text.
    static func fields(_ json: String) throws -> [String: String] {
        try JSONDecoder().decode([String: Scalar].self, from: Data(json.utf8)).compactMapValues(\.text)
    }

    private struct Scalar: Decodable {
        var text: String?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(String.self) {
                text = value
            } else if let value = try? container.decode(Int.self) {
                text = "\(value)"
            } else if let value = try? container.decode(Bool.self) {
                text = "\(value)"
            }
        }
    }
}
