import Vocabulary

/// Where a machine is on its way from a box to a managed computer: the one list of rules.
///
/// A machine is in the first collection whose rule fits; what the rules look at are facts of its record, each below with
/// the place where it comes from. Nothing else decides, and nothing is remembered of earlier membership.
package enum Collection: String, CaseIterable, Codable, Sendable {
    case held
    case managed
    case building
    case readyToBuild = "ready to build"
    case staged

    /// What a person reads beside the name.
    package var rule: String {
        switch self {
        case .held: "a person must decide: the record is held, or its disks are not proved blank"
        case .managed: "provisioned by this server, and named by its operating system or by a person"
        case .building: "provisioned, under its temporary name, and a build has begun"
        case .readyToBuild: "provisioned, under its temporary name, its disks proved blank, no build begun"
        case .staged: "everything else: it said hello, or is being provisioned or inspected"
        }
    }

    func holds(_ facts: Facts) -> Bool {
        switch self {
        case .held: facts.isHeld || (facts.isUnnamed && facts.disks != nil && facts.disks != .blank)
        case .managed: facts.isProvisioned && !facts.isUnnamed
        case .building: facts.isProvisioned && facts.isUnnamed && facts.buildBegan
        case .readyToBuild: facts.isProvisioned && facts.isUnnamed && facts.disks == .blank
        case .staged: true
        }
    }

    /// What the rules may look at.
    package struct Facts: Hashable, Sendable {
        /// The record's stage, or two machines under its UUID.
        package var isHeld: Bool
        /// The firmware was provisioned by this server and proved, admin password and all, or a person adopted it; one
        /// that somebody else provisioned never is by itself.
        package var isProvisioned: Bool
        /// No operating system has named the machine yet: record and firmware have the name made from the UUID.
        package var isUnnamed: Bool
        /// What the agent found on the disks in the boot environment; `nil` when nobody has looked.
        package var disks: PriorInstall?
        /// The boot environment asked for the name to come, or the machine was told to boot while it was ready.
        package var buildBegan: Bool
    }
}

/// What was found on a machine's disks, the worst of all of them.
package enum PriorInstall: String, Hashable, Codable, Sendable {
    case blank
    case factory
    case unknown
    case prior
}

extension DeviceRecord {
    package var facts: Collection.Facts {
        Collection.Facts(
            isHeld: stage == .held || twins != nil,
            isProvisioned: firmware?.adminProved != nil || firmware?.isForeign == true,
            isUnnamed: name.host == temporaryHostname, disks: disks, buildBegan: buildBegan != nil)
    }

    /// `nil` for a machine that is out of use.
    package var collection: Collection? {
        guard stage != .retired else { return nil }
        let facts = facts
        // The last rule fits everything.
        return Collection.allCases.first { $0.holds(facts) } ?? .staged
    }
}
