package import Reconciliation
import Vocabulary
package import Wire

/// What `sync` would ask, and what might follow.
package struct SyncRehearsal: Sendable {
    private let server: String
    private let report: Report
    private let facts: FirmwareFacts
    private let os: OSName

    package init(server: String, report: Report, facts: FirmwareFacts, os: OSName) {
        self.server = server
        self.report = report
        self.facts = facts
        self.os = os
    }

    package var verdict: NameVerdict { facts.verdict(os: .name(report.osName)) }

    package var text: String {
        var lines = [
            "would tell \(server) that machine \(report.machine) is called \(report.osName) (by \(report.osNameRule)) and its "
                + "firmware \(facts.nameText.map { $0.isEmpty ? "nothing" : printable($0) } ?? "something unreadable")"
        ]
        if verdict == .match {
            lines.append("the server would find nothing to do, unless its own record or certificate differs")
        } else {
            lines.append(
                "if the server begins a job: would write a name that it gives into the firmware's HostOSFQDN as proof, then "
                    + "\(report.osName) again")
        }
        return (lines + explain(os: os, firmware: facts.reading, sharedFQDN: facts.sharedFQDN, verdict: verdict))
            .joined(separator: "\n")
    }

    /// Names of members are never changed or removed.
    package var json: JSONText {
        .object([
            .init("command", .text("sync")),
            .init("agentVersion", .text(agentVersion)),
            .init("result", .text("dry-run")),
            .init("exitStatus", .number(Int(ExitStatus(verdict).rawValue))),
            .init("verdict", .text(verdict.word)),
            .init("server", .text(server)),
            .init("uuid", .text(report.machine.text)),
            .init("osName", .text(report.osName.text)),
            .init("osNameRule", .text(report.osNameRule)),
            .init("firmwareName", .optional(report.firmwareName)),
            .init("provisioningState", .text(report.provisioningState.description)),
            .init("controlMode", .text(report.controlMode.description)),
            .init("offersStartConfiguration", .boolean(report.offersStartConfiguration == true)),
        ])
    }
}
