import AMTHI
package import Reconciliation
package import Vocabulary

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
            if let local {
                rows.append(("  for the system's name", Self.shown(local.hostOSFQDN)))
                rows.append(("  certificate", Self.shown(local.certificate)))
            }
            rows.append(("provisioning state", "\(firmware.provisioningState)"))
            rows.append(("control mode", "\(firmware.controlMode)"))
            rows.append(("AMT version", firmware.versions?.amt.map(printable) ?? "unknown"))
            rows.append(("UUID", firmware.machine?.text ?? "unknown"))
        }
        if let device { rows.append(("device", device)) }
        if let dns {
            rows.append(("DNS", dns.silence.map(printable) ?? dns.addresses.joined(separator: ", ")))
            if dns.silence == nil {
                let names = dns.names.map { $0.map(printable) ?? "no name" }
                rows.append(("  and back", names.joined(separator: ", ")))
            }
        }
        rows.append(("verdict", verdict.word))
        return rows
    }

    /// The rows, their values below each other.
    ///
    /// - Parameter coloured: Whether the verdict gets a colour: green when all is well, red when names differ, yellow for
    ///   the rest.
    /// - Returns: Lines without an end behind the last.
    package func table(coloured: Bool) -> String {
        let width = rows.map(\.label.count).max() ?? 0
        return rows.map { row in
            let value = coloured && row.label == "verdict" ? "\u{1B}[\(colour)m\(row.value)\u{1B}[0m" : row.value
            return row.label + String(repeating: " ", count: width - row.label.count + 2) + value
        }.joined(separator: "\n")
    }

    /// A parameter of Select Graphic Rendition (ECMA-48).
    private var colour: Int {
        switch verdict {
        case .match: 32
        case .mismatch: 31
        default: 33
        }
    }

    /// Why the names differ and what will be done, in paragraphs.
    package var explanation: [String] {
        explain(os: foundName, firmware: firmware?.reading, sharedFQDN: firmware?.sharedFQDN, verdict: verdict)
            + explain(certificate: local?.certificate, firmware: firmware?.reading)
    }

    /// What each place says, those that were looked at.
    package var facets: [(facet: Facet, reading: Reading)] {
        var facets: [(facet: Facet, reading: Reading)] = []
        switch os {
        case .success(let found): facets.append((.os, .name(found.name)))
        case .failure(let failure): facets.append((.os, .unreadable(failure.message)))
        case nil: break
        }
        if let firmware { facets.append((.firmware, firmware.reading)) }
        if let local { facets += [(.hostOSFQDN, local.hostOSFQDN), (.certificate, local.certificate)] }
        if let dns, let name = foundName?.name { facets.append((.dns, dns.reading(of: name))) }
        return facets
    }

    private static func shown(_ reading: Reading) -> String {
        switch reading {
        case .name(let name): name.text
        case .empty: "none"
        case .unreadable(let why): "unreadable: \(printable(why))"
        }
    }

    /// The operating system's name and how it was found, where it was.
    package var foundName: OSName? {
        if case .success(let found) = os { return found }
        return nil
    }

    /// The same for programs; names of members are never changed or removed.
    ///
    /// - Parameters:
    ///   - command: Which was run.
    ///   - explained: Whether ``explanation`` is wanted.
    /// - Returns: One object.
    package func json(command: String, explained: Bool = false) -> JSONText {
        let found = foundName
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
            .init("passedOver", .list((found?.passedOver ?? []).map(\.json))),
            .init("facets", .list(facets.map { Self.json($0.facet, $0.reading, foundName?.name) })),
            .init("explanation", explained ? .list(explanation.map { .text($0) }) : .null),
        ])
    }

    /// One place's name, as it is told to programs.
    package static func json(_ facet: Facet, _ reading: Reading, _ os: Hostname?) -> JSONText {
        let (word, name, reason): (String, String?, String?) =
            switch reading {
            case .name(let name): ("name", name.text, nil)
            case .empty: ("empty", nil, nil)
            case .unreadable(let why): ("unreadable", nil, why)
            }
        return .object([
            .init("facet", .text(facet.rawValue)), .init("reading", .text(word)), .init("name", .optional(name)),
            .init("reason", .optional(reason)),
            .init("equalsOS", name.flatMap { name in os.map { .boolean($0.text == name) } } ?? .null),
        ])
    }

    private var osName: String? {
        foundName?.name.text
    }

    /// For people: a name, or a word for none.
    private var firmwareName: String? {
        firmware?.nameText.map { $0.isEmpty ? "nameless" : printable($0) }
    }
}

extension OSName.Passed {
    var json: JSONText { .object([.init("rule", .text(rule.rawValue)), .init("reason", .text(reason))]) }
}

extension Failure {
    package var json: JSONText {
        .object([
            .init("code", .text(code.rawValue)), .init("message", .text(message)), .init("hint", .optional(hint)),
        ])
    }

    /// A command's JSON when nothing else is known.
    package func report(command: String) -> JSONText {
        .object([
            .init("command", .text(command)), .init("agentVersion", .text(agentVersion)),
            .init("exitStatus", .number(Int(ExitStatus(self).rawValue))), .init("failure", json),
        ])
    }

    /// For standard error: what happened and its stable name, then what to do.
    package var explanation: String {
        "namesake-agent: \(printable(message)) [\(code.rawValue)]" + (hint.map { "\n  \(printable($0))" } ?? "")
    }
}
