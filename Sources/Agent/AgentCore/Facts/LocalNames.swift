import FoundationEssentials
package import Reconciliation
import Vocabulary

/// The names that only the firmware's own WS-Man tells, as `namesake-agent local --json` says them.
package struct LocalNames: Hashable, Sendable {
    package var hostOSFQDN: Reading
    package var certificate: Reading

    /// Neither could be read.
    package init(unreadable reason: String) {
        hostOSFQDN = .unreadable(reason)
        certificate = .unreadable(reason)
    }

    /// Reads the output of that command, of its failure too.
    package init(json: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(json)) else {
            self.init(unreadable: "namesake-agent-local said nothing that can be read")
            return
        }
        self.init(unreadable: answer.failure?.message ?? "namesake-agent-local does not tell")
        for facet in answer.facets ?? [] {
            switch facet.facet {
            case Facet.hostOSFQDN.rawValue: hostOSFQDN = facet.value
            case Facet.certificate.rawValue: certificate = facet.value
            default: break
            }
        }
    }

    private struct Answer: Decodable {
        struct Trouble: Decodable { var message: String }
        var facets: [Entry]?
        var failure: Trouble?
    }

    private struct Entry: Decodable {
        var facet: String
        var reading: String
        var name: String?
        var reason: String?

        var value: Reading {
            if reading == "empty" { return .empty }
            if let name, let hostname = try? Hostname(name) { return .name(hostname) }
            return .unreadable(reason ?? "namesake-agent-local does not tell")
        }
    }
}
