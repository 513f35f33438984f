import FoundationEssentials
package import Vocabulary

/// What `/etc/namesake/agent.json` may say; what is on the command line goes before it.
///
/// No secret belongs there. A member that is not known is refused: a misspelt one would be passed over in silence.
package struct AgentConfiguration: Hashable, Sendable {
    /// The order in which the rules for the operating system's name are asked.
    package var nameRules: [NameRule] = NameRule.usualOrder
    package var device: DeviceAddress?

    package static let usualPath = "/etc/namesake/agent.json"

    package init() {}

    /// Reads the file.
    ///
    /// - Parameter path: `nil` for the usual one, which may be missing.
    /// - Returns: The usual settings where the file says nothing.
    /// - Throws: ``Failure/Code/agentConfigurationUnusable`` when it is missing, others may write to it, or it says
    ///   something that is not understood.
    package static func read(_ path: String?) throws(Failure) -> AgentConfiguration {
        let bytes: [UInt8]
        do throws(FileRefusal) {
            bytes = try readTrustedFile(
                path ?? usualPath, forbidden: 0o022, because: "Whoever writes to it decides what the agent does as root"
            )
        } catch {
            if error.isMissing, path == nil { return AgentConfiguration() }
            throw Failure(.agentConfigurationUnusable, error.message, hint: error.hint)
        }
        return try parse(bytes, path ?? usualPath)
    }

    private static func parse(_ bytes: [UInt8], _ path: String) throws(Failure) -> AgentConfiguration {
        func unusable(_ why: String) -> Failure {
            Failure(
                .agentConfigurationUnusable, "\(path): \(why)",
                hint:
                    "Its members are nameRules (a list of \(NameRule.usualOrder.map(\.word).joined(separator: ", "))) "
                    + "and device (a path).")
        }
        let members: [String: Member]
        do { members = try JSONDecoder().decode([String: Member].self, from: Data(bytes)) } catch {
            throw unusable("it is no JSON object of texts and lists of texts")
        }
        var configuration = AgentConfiguration()
        for (name, member) in members {
            switch (name, member) {
            case ("nameRules", .list(let words)):
                guard let order = NameRule.order(words) else {
                    throw unusable("nameRules has a rule twice, none or an unknown one")
                }
                configuration.nameRules = order
            case ("device", .text(let path)):
                guard let address = DeviceAddress(argument: path) else { throw unusable("device is no path") }
                configuration.device = address
            default: throw unusable("\(printable(name)) is unknown, or not of this kind")
            }
        }
        return configuration
    }

    private enum Member: Decodable {
        case text(String)
        case list([String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {  // a list comes next
                self = .text(text)
            } else {
                self = .list(try container.decode([String].self))
            }
        }
    }
}
