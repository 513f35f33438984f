package import Reconciliation
import Vocabulary

/// Why two names differ, in plain words, and what will be done; a paragraph each.
package func explain(os: OSName?, firmware: Reading?, sharedFQDN: Bool?, verdict: NameVerdict) -> [String] {
    var paragraphs: [String] = []
    if let os {
        let passed = os.passedOver.map { "\($0.rule.rawValue) (\($0.reason))" }.joined(separator: ", ")
        paragraphs.append(
            "The operating system is called \(os.name), as '\(os.rule.rawValue)' says"
                + (passed.isEmpty ? "." : "; passed over: \(passed)."))
    }
    switch verdict {
    case .match where sharedFQDN == false:
        paragraphs.append("The firmware is set to have a name of its own, and has one. Nothing is to be done.")
    case .match: paragraphs.append("The firmware has the same name. Nothing is to be done.")
    case .unprovisioned:
        paragraphs.append(
            "The firmware has not been set up and so has no name. When its server provisions it, it gets the name then; "
                + "'namesake-agent sync --start-configuration' lets it ask for that.")
    case .inProgress: paragraphs.append("The firmware is being set up. Look again when that has ended.")
    case .noAMT: paragraphs.append("There is no Intel AMT to name. Nothing can be done from here.")
    case .unreadable(let why): paragraphs.append("The names cannot be compared: \(printable(why)).")
    case .mismatch:
        paragraphs.append(difference(os?.name, firmware, sharedFQDN: sharedFQDN ?? true))
        paragraphs.append(
            "'namesake-agent sync' asks the server to re-provision the firmware: it proves that the request comes from this "
                + "machine, gives the firmware the name "
                + (sharedFQDN == false ? "of its template" : os.map { "\($0.name)" } ?? "of the operating system")
                + " and a certificate for it, and checks both over a new connection. The operating system's name stays."
        )
    }
    return paragraphs
}

/// What the certificate's name means for whoever manages the machine; nothing where it is the firmware's.
func explain(certificate: Reading?, firmware: Reading?) -> [String] {
    guard case .name(let presented) = certificate, case .name(let name) = firmware, presented != name else { return [] }
    return [
        "The firmware's certificate is for \(presented), and the firmware is called \(name): whoever manages it and verifies "
            + "its TLS is turned away. 'namesake-server devices renew' issues one for the name that it has."
    ]
}

/// The commonest reasons, from the surest on.
private func difference(_ os: Hostname?, _ firmware: Reading?, sharedFQDN: Bool) -> String {
    guard let os, case .name(let name) = firmware else {
        return "The firmware is set up and has no name at all, as after an activation that gave it none."
    }
    guard sharedFQDN else {
        return "The firmware is set to have a name of its own (dedicated), and is called \(name) like the system."
    }
    if !name.isQualified, name.host == os.host {
        return "The firmware knows only the host name \(name), without the domain \(os.domain)."
    }
    if name.domain == os.domain, os.host.utf8.count > 15, name.host == os.host.prefix(15) {
        return
            "The firmware's host name is this one's first 15 characters: somebody took the NetBIOS name, which is cut."
    }
    if name.domain == os.domain {
        return "The firmware still has the host name \(name.host) where the operating system has \(os.host): "
            + "the system was renamed after the firmware was set up."
    }
    if name.host == os.host {
        return "The host name is the same, and the domain is not: \(name.domain.isEmpty ? "none" : name.domain) in the "
            + "firmware, \(os.domain) in the operating system."
    }
    return "The firmware is called \(name), with another host name and another domain."
}
