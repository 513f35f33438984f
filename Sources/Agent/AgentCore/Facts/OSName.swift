package import Vocabulary

/// The rules by which the operating system's name is found, in their order.
package enum NameRule: String, Hashable, Sendable, CaseIterable {
    /// What the person said.
    case override = "--name"
    /// The static host name, where it is qualified.
    case hostnameFile = "/etc/hostname"
    /// The kernel's host name, where it is qualified.
    case kernel = "kernel host name"
    /// The canonical name that the resolver gives for the kernel's host name.
    case resolver = "resolver"
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

/// Where names come from; tests bring their own.
///
/// A closure gives `nil` when its source says nothing. The resolver is asked last because it may ask the network.
package struct NameSources: Sendable {
    package var override: String?
    package var hostnameFile: @Sendable () -> String?
    package var kernel: @Sendable () -> String?
    package var canonical: @Sendable (_ name: String) -> String?

    package init(
        override: String? = nil, hostnameFile: @escaping @Sendable () -> String?,
        kernel: @escaping @Sendable () -> String?, canonical: @escaping @Sendable (String) -> String?
    ) {
        self.override = override
        self.hostnameFile = hostnameFile
        self.kernel = kernel
        self.canonical = canonical
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
    let kernel = sources.kernel()
    let rules: [(rule: NameRule, text: () -> String?, silence: String)] = [
        (.hostnameFile, { sources.hostnameFile().flatMap(nameLine) }, "the file is not there or empty"),
        (.kernel, { kernel }, "the kernel has no host name"),
        (.resolver, { kernel.flatMap(sources.canonical) }, "the resolver knows no name for it"),
    ]
    var passed: [OSName.Passed] = []
    for (rule, text, silence) in rules {
        guard let found = text(), !found.isEmpty else {
            passed.append(.init(rule, silence))
            continue
        }
        switch judge(found) {
        case .fit(let name): return OSName(name: name, rule: rule, passedOver: passed)
        case .unfit(let reason): passed.append(.init(rule, "\(printable(found)): \(reason)"))
        }
    }
    throw Failure(
        .osNameUnknown,
        "this system has no qualified host name; "
            + passed.map { "\($0.rule.rawValue): \($0.reason)" }.joined(separator: "; "),
        hint: "Set one with its domain (hostnamectl set-hostname pc1.example.com), or give --name.")
}

/// What a text is worth as a machine's name.
enum NameJudgement: Hashable {
    case fit(Hostname)
    case unfit(String)
}

/// A machine's name is qualified and not one that every machine has.
func judge(_ text: String) -> NameJudgement {
    let name: Hostname
    do throws(Hostname.Flaw) { name = try Hostname(text) } catch { return .unfit("\(error)") }
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
