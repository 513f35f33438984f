import Glibc

/// The full name of a host in the domain that the machine has joined.
///
/// SSSD's configuration decides: `ipa_hostname` or `ad_hostname` of a domain's section, else the first of `domains` whose
/// provider is `ad` or `ipa`, by its `ad_domain`, `ipa_domain` or own name (sssd.conf(5), sssd-ad(5), sssd-ipa(5)).
/// Without it, the default realm of Kerberos in small letters, where the machine has a key table, that is, has joined.
func realmName(host: String, root: String) -> NameFinding {
    if let text = smallFile(root + "/etc/sssd/sssd.conf") {
        switch sssdName(host: host, text) {
        case .text(let name): return .text(name)
        case .nothing: break
        }
    }
    guard access(root + "/etc/krb5.keytab", F_OK) == 0 else {
        return .nothing("the machine has joined no domain (no SSSD domain, no /etc/krb5.keytab)")
    }
    let realm = sections(smallFile(root + "/etc/krb5.conf") ?? "")["libdefaults"]?["default_realm"]
    guard let realm, !realm.isEmpty else { return .nothing("/etc/krb5.conf names no default realm") }
    return .text("\(host).\(realm.lowercased())")
}

private func sssdName(host: String, _ text: String) -> NameFinding {
    let sections = sections(text)
    let names = (sections["sssd"]?["domains"] ?? "").split(separator: ",").map(trimmed)
    for name in names {
        guard let section = sections["domain/\(name)"] else { continue }
        let provider = section["id_provider"] ?? ""
        guard provider == "ad" || provider == "ipa" else { continue }
        if let own = section["\(provider)_hostname"], own.contains(".") { return .text(own) }
        return .text("\(host).\((section["\(provider)_domain"] ?? name).lowercased())")
    }
    return .nothing("SSSD knows no domain of Active Directory or IPA")
}

/// The settings of each section of an INI file, later ones over earlier ones; names and values without white space around.
func sections(_ text: String) -> [String: [String: String]] {
    var (all, section): ([String: [String: String]], String) = ([:], "")
    for line in text.split(separator: "\n").map(trimmed) where !line.hasPrefix("#") && !line.hasPrefix(";") {
        if line.hasPrefix("["), line.hasSuffix("]") {
            section = trimmed(line.dropFirst().dropLast())
            continue
        }
        guard let sign = line.firstIndex(of: "=") else { continue }
        all[section, default: [:]][trimmed(line[..<sign])] = trimmed(line[line.index(after: sign)...])
    }
    return all
}
