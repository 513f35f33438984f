package import Vocabulary

/// The places that hold a machine's name.
package enum Facet: String, Hashable, Codable, Sendable, CaseIterable {
    case os
    case firmware
    case hostOSFQDN = "host-os-fqdn"
    case certificate
    case dns
    case directory
    case record
}

/// What was found in one place.
package enum Reading: Hashable, Sendable {
    case name(Hostname)
    /// Read, and holds no name.
    case empty
    /// Not read; an unreadable facet is never a match. The reason is for people.
    case unreadable(String)
}

/// What a comparison came to.
package enum NameVerdict: Hashable, Sendable {
    case match
    case mismatch([Facet])
    case unprovisioned
    case inProgress
    case noAMT
    case unreadable(String)
}

/// Compares the operating system's name with the firmware's, without memory and without I/O.
///
/// Shared FQDN: equal label by label, in any case, a trailing dot aside (``Hostname`` sees to both). Dedicated: the
/// firmware's name differs from the operating system's by design, so it is compared with what the server recorded
/// elsewhere and counts as a match here only when it does differ.
package func compareNames(
    os: Reading, firmware: Reading, sharedFQDN: Bool, provisioning: ProvisioningState, control: ControlMode
) -> NameVerdict {
    switch provisioning {
    case .pre: return .unprovisioned
    case .in: return .inProgress
    case .post: break
    default: return .unreadable("the firmware reports an unknown provisioning state, \(provisioning.rawValue)")
    }
    guard control == .client || control == .admin else {
        return .unreadable("the firmware is past provisioning and reports control mode \(control)")
    }
    switch (os, firmware) {
    case (.unreadable(let why), _): return .unreadable("operating system: \(why)")
    case (_, .unreadable(let why)): return .unreadable("firmware: \(why)")
    case (.empty, _): return .unreadable("the operating system has no name")
    case (.name, .empty): return .mismatch([.firmware])
    case (.name(let a), .name(let b)): return (a == b) == sharedFQDN ? .match : .mismatch([.firmware])
    }
}
