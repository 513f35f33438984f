import AMTHI
import Reconciliation
import Vocabulary

extension Observation {
    /// One line for people, as `check` prints it.
    package var line: String {
        let os = osName ?? "unknown"
        let name = firmwareName ?? "unreadable"
        switch verdict {
        case .match where firmware?.sharedFQDN == false:
            return "match: the operating system is \(os), the firmware has a name of its own, \(name)"
        case .match: return "match: operating system and firmware are \(os)"
        case .mismatch where firmware?.sharedFQDN == false:
            return "mismatch: the firmware is set to have a name of its own and is \(name), like the operating system"
        case .mismatch: return "mismatch: the operating system is \(os), the firmware is \(name)"
        case .unprovisioned: return "unprovisioned: the firmware has not been set up"
        case .inProgress: return "in-progress: the firmware is being set up"
        case .noAMT: return "no-amt: this machine has no Intel AMT to speak to"
        case .unreadable(let why): return "unreadable: \(printable(why))"
        }
    }

    /// The rows of `status`.
    package var rows: [(label: String, value: String)] {
        var rows: [(label: String, value: String)] = []
        switch os {
        case .success(let found):
            rows.append(("operating system", found.name.text))
            rows.append(("  found by", found.rule.rawValue))
        case .failure(let failure): rows.append(("operating system", "unknown: \(printable(failure.message))"))
        case nil: break
        }
        if let firmware {
            rows.append(("firmware", firmwareName ?? "unreadable"))
            rows.append(("  shares the name", firmware.sharedFQDN.map { $0 ? "yes" : "no" } ?? "unknown"))
            rows.append(("provisioning state", "\(firmware.provisioningState)"))
            rows.append(("control mode", "\(firmware.controlMode)"))
            rows.append(("AMT version", firmware.versions?.amt.map(printable) ?? "unknown"))
            rows.append(("UUID", firmware.machine?.text ?? "unknown"))
        }
        if let device { rows.append(("device", device)) }
        rows.append(("verdict", verdict.word))
        return rows
    }

    /// The rows, their values below each other.
    package var table: String {
        let width = rows.map(\.label.count).max() ?? 0
        return rows.map { $0.label + String(repeating: " ", count: width - $0.label.count + 2) + $0.value }
            .joined(separator: "\n")
    }

    /// The same for programs; names of members are never changed or removed.
    package func json(command: String) -> JSONText {
        let found: OSName? = if case .success(let name) = os { name } else { nil }
        return .object([
            .init("command", .text(command)),
            .init("agentVersion", .text(agentVersion)),
            .init("verdict", .text(verdict.word)),
            .init("exitStatus", .number(Int(exitStatus.rawValue))),
            .init("osName", .optional(found?.name.text)),
            .init("osNameRule", .optional(found?.rule.rawValue)),
            .init("firmwareName", .optional(firmware?.nameText)),
            .init("sharedFQDN", firmware?.sharedFQDN.map { .boolean($0) } ?? .null),
            .init("provisioningState", .optional(firmware?.provisioningState.description)),
            .init("controlMode", .optional(firmware?.controlMode.description)),
            .init("amtVersion", .optional(firmware?.versions?.amt)),
            .init("uuid", .optional(firmware?.machine?.text)),
            .init("device", .optional(device)),
            .init("failure", failure?.json ?? .null),
        ])
    }

    private var osName: String? {
        if case .success(let found) = os { return found.name.text }
        return nil
    }

    /// For people: a name, or a word for none.
    private var firmwareName: String? {
        firmware?.nameText.map { $0.isEmpty ? "nameless" : printable($0) }
    }
}

extension Failure {
    package var json: JSONText {
        .object([
            .init("code", .text(code.rawValue)), .init("message", .text(message)), .init("hint", .optional(hint)),
        ])
    }

    /// For standard error: what happened and its stable name, then what to do.
    package var explanation: String {
        "namesake-agent: \(printable(message)) [\(code.rawValue)]" + (hint.map { "\n  \(printable($0))" } ?? "")
    }
}
