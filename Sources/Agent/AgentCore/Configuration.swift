import FoundationEssentials
package import Vocabulary

/// What `/etc/namesake/agent.json` may say; what is on the command line goes before it.
///
/// No secret belongs there. A member that is not known is refused: a misspelt one would be passed over in silence.
package struct AgentConfiguration: Hashable, Sendable {
    /// The order in which the rules for the operating system's name are asked.
    package var nameRules: [NameRule] = NameRule.usualOrder
    package var device: DeviceAddress?
    /// A PEM file of the authorities that issue certificates to firmware.
    package var localAuthorities: String?
    /// A PEM file of Intel's on-die roots.
    package var onDieRoots: String?
    /// SHA-256 of the key that the firmware's local TLS presents, 32 bytes.
    package var localPin: [UInt8]?

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
                    "Its members are nameRules (a list of \(NameRule.usualOrder.map(\.word).joined(separator: ", "))), "
                    + "device, localAuthorities and onDieRoots (paths), and localPin (64 hexadecimal digits).")
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
            case ("localAuthorities", .text(let path)) where !path.isEmpty: configuration.localAuthorities = path
            case ("onDieRoots", .text(let path)) where !path.isEmpty: configuration.onDieRoots = path
            case ("localPin", .text(let digits)):
                guard let pin = keyPin(digits) else { throw unusable("localPin is no SHA-256 in hexadecimal") }
                configuration.localPin = pin
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

/// Reads the SHA-256 of a key: 64 hexadecimal digits.
///
/// - Returns: `nil` for anything else.
package func keyPin(_ digits: String) -> [UInt8]? {
    bytes(hexadecimal: digits).flatMap { $0.count == 32 ? $0 : nil }
}

/// Reads a file that decides whom the agent believes; it may be read by all, and written to by its owner alone.
///
/// - Throws: ``Failure/Code/agentConfigurationUnusable``.
package func readSettingsText(_ path: String) throws(Failure) -> String {
    do throws(FileRefusal) {
        let bytes = try readTrustedFile(
            path, forbidden: 0o022, because: "Whoever writes to it decides whom the agent believes")
        return String(decoding: bytes, as: UTF8.self)
    } catch { throw Failure(.agentConfigurationUnusable, error.message, hint: error.hint) }
}
