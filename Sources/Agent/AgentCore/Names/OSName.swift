package import Vocabulary

/// The rules by which the operating system's name is found, in their usual order.
///
/// The raw values stand in reports and are never changed.
package enum NameRule: String, Hashable, Sendable, CaseIterable {
    /// What the person said.
    case override = "--name"
    /// The static host name (hostnamectl), where it is qualified.
    case hostnameFile = "/etc/hostname"
    /// The kernel's host name, where it is qualified.
    case kernel = "kernel host name"
    /// The canonical name that the resolver gives for the kernel's host name, as `hostname -f` does.
    case resolver = "resolver"
    /// The host name in the domain that the machine has joined, as SSSD's or Kerberos' configuration tells it.
    case realm = "realm"
    /// The host name in the domain that DHCP gave to the interface that the firmware shares (option 15).
    case dhcp = "DHCP option 15"

    /// The word for it in `--name-rules` and in the configuration file.
    package var word: String {
        switch self {
        case .override: "override"
        case .hostnameFile: "static"
        case .kernel: "kernel"
        case .resolver: "resolver"
        case .realm: "realm"
        case .dhcp: "dhcp"
        }
    }

    /// All but the override, which always comes first.
    package static let usualOrder: [NameRule] = [.hostnameFile, .kernel, .resolver, .realm, .dhcp]

    /// Reads an order of rules.
    ///
    /// - Returns: `nil` for an unknown word, a word twice, or no word.
    package static func order(_ words: [some StringProtocol]) -> [NameRule]? {
        var order: [NameRule] = []
        for word in words {
            guard let rule = usualOrder.first(where: { $0.word == word }), !order.contains(rule) else { return nil }
            order.append(rule)
        }
        return order.isEmpty ? nil : order
    }
}

/// The operating system's name, and how it was found.
package struct OSName: Hashable, Sendable {
    package var name: Hostname
    package var rule: NameRule
    /// The rules before it, and why each did not decide.
    package var passedOver: [Passed]

    package struct Passed: Hashable, Sendable {
        package var rule: NameRule
        package var reason: String

        package init(_ rule: NameRule, _ reason: String) {
            self.rule = rule
            self.reason = reason
        }
    }

    package init(name: Hostname, rule: NameRule, passedOver: [Passed] = []) {
        self.name = name
        self.rule = rule
        self.passedOver = passedOver
    }
}

/// What one source of names says.
package enum NameFinding: Hashable, Sendable {
    case text(String)
    /// Nothing, and why.
    case nothing(String)
}

/// Where names come from; tests bring their own.
///
/// The resolver may ask the network and DHCP's rule asks the firmware, so they come last.
package struct NameSources: Sendable {
    package var override: String?
    package var order: [NameRule]
    package var hostnameFile: @Sendable () -> String?
    package var kernel: @Sendable () -> String?
    package var canonical: @Sendable (_ name: String) -> NameFinding
    /// The full name in the domain that was joined, of a host without its domain.
    package var realm: @Sendable (_ host: String) -> NameFinding
    /// The domain of the lease on the interface that the firmware shares.
    package var dhcpDomain: @Sendable () -> NameFinding

    package init(
        override: String? = nil, order: [NameRule] = NameRule.usualOrder,
        hostnameFile: @escaping @Sendable () -> String? = { nil }, kernel: @escaping @Sendable () -> String? = { nil },
        canonical: @escaping @Sendable (String) -> NameFinding = { _ in .nothing("not asked") },
        realm: @escaping @Sendable (String) -> NameFinding = { _ in .nothing("not asked") },
        dhcpDomain: @escaping @Sendable () -> NameFinding = { .nothing("not asked") }
    ) {
        self.override = override
        self.order = order
        self.hostnameFile = hostnameFile
        self.kernel = kernel
        self.canonical = canonical
        self.realm = realm
        self.dhcpDomain = dhcpDomain
    }
}

/// Finds the operating system's name by the first rule that gives one.
///
/// - Throws: ``Failure/Code/nameInvalid`` when the override is no qualified host name: what a person asked for is not
///   passed over. ``Failure/Code/osNameUnknown`` when no rule decides; the message has a line for each.
package func findOSName(_ sources: NameSources) throws(Failure) -> OSName {
    if let text = sources.override {
        switch judge(text) {
        case .fit(let name): return OSName(name: name, rule: .override)
        case .unfit(let reason):
            throw Failure(
                .nameInvalid, "--name \(printable(text)): \(reason)",
                hint: "Give the host name with its domain, such as pc1.example.com.")
        }
    }
    let (file, kernel) = (sources.hostnameFile().flatMap(nameLine), sources.kernel())
    var passed: [OSName.Passed] = []
    for rule in sources.order {
        switch finding(rule, sources, file: file, kernel: kernel) {
        case .nothing(let reason): passed.append(.init(rule, reason))
        case .text(let found):
            switch judge(found) {
            case .fit(let name): return OSName(name: name, rule: rule, passedOver: passed)
            case .unfit(let reason): passed.append(.init(rule, "\(printable(found)): \(reason)"))
            }
        }
    }
    throw Failure(
        .osNameUnknown,
        "this system has no qualified host name; "
            + passed.map { "\($0.rule.rawValue): \($0.reason)" }.joined(separator: "; "),
        hint: "Set one with its domain (hostnamectl set-hostname pc1.example.com), or give --name.")
}

private func finding(_ rule: NameRule, _ sources: NameSources, file: String?, kernel: String?) -> NameFinding {
    func kept(_ text: String?, _ silence: String) -> NameFinding {
        text.flatMap { $0.isEmpty ? nil : .text($0) } ?? .nothing(silence)
    }
    // The first label of the static name; where there is none, of the kernel's.
    let host = [file, kernel].compactMap { $0?.prefix { $0 != "." } }.first { !$0.isEmpty && $0 != "localhost" }
    switch rule {
    case .override: return .nothing("not given")
    case .hostnameFile: return kept(file, "the file is not there or empty")
    case .kernel: return kept(kernel, "the kernel has no host name")
    case .resolver: return kernel.map(sources.canonical) ?? .nothing("the kernel has no host name")
    case .realm: return host.map { sources.realm(String($0)) } ?? .nothing("the machine has no host name")
    case .dhcp:
        guard let host else { return .nothing("the machine has no host name") }
        switch sources.dhcpDomain() {
        case .text(let domain): return .text("\(host).\(domain)")
        case .nothing(let reason): return .nothing(reason)
        }
    }
}

/// What a text is worth as a machine's name.
enum NameJudgement: Hashable {
    case fit(Hostname)
    case unfit(String)
}

/// A machine's name is qualified and not one that every machine has.
func judge(_ text: String) -> NameJudgement {
    let name: Hostname
    do throws(Hostname.Flaw) { name = try Hostname(international: text) } catch { return .unfit("\(error)") }
    guard name.isQualified else { return .unfit("it has no domain") }
    guard !["localhost", "ip6-localhost", "ip6-loopback"].contains(name.host) else {
        return .unfit("every machine is called so")
    }
    guard !name.text.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }) else {
        return .unfit("it is an address")
    }
    return .fit(name)
}

/// The first line of `/etc/hostname` that is neither empty nor a comment, as hostname(5) says.
func nameLine(_ file: String) -> String? {
    file.split(separator: "\n").map(trimmed).first { !$0.isEmpty && !$0.hasPrefix("#") }
}
