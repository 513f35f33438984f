import DiskInspection
import NTFSFiles
import RegistryHives

/// Reads an NTFS volume: section 3.4 of the reference on prior installations.
func readWindows(
    _ descriptor: Int32, _ extent: Range<UInt64>, _ policy: FactoryPolicy, into contents: inout VolumeContents
) throws(UnreadableVolume) {
    do throws(NTFSFault) {
        let volume = try NTFSVolume(
            descriptor, at: extent.lowerBound, length: extent.upperBound - extent.lowerBound)
        contents.isClean = volume.provesAbsence
        for reason in volume.staleness.sorted(by: { $0.rawValue < $1.rawValue }) {
            switch reason {
            case .hibernated: contents.found(.parkedSession, .blocking, "a session is parked in hiberfil.sys")
            case .cachedByWindows:
                contents.found(.parkedSession, .blocking, "Windows left the volume open: Fast Startup, or a power cut")
            case .markedDirty, .openLog:
                contents.found(.unreadableFacts, .unprovable, "the volume was not closed in order")
            }
        }
        let files = try WindowsFiles(volume)
        for path in files.upgrades {
            contents.found(.upgrade, .blocking, "\(path), as an upgrade or a reset leaves it")
        }
        for name in files.otherRoots {
            contents.found(.upgrade, .blocking, "a second Windows is installed in \(name)")
        }
        for path in files.pageFiles { contents.found(.pageFile, .strong, "\(path): Windows ran here") }
        guard files.root != nil else { return }
        contents.found(.windowsVolume, .strong, "Windows is installed")
        let windows = InstalledWindows(files: files, hives: WindowsHives(volume, files))
        windows.describe(&contents)
        windows.addEvidence(to: &contents)
        windows.addPrograms(to: &contents, policy)
        // They take a while, and change nothing where something was found that no factory image has.
        if contents.evidence.allSatisfy({ $0.weight != .blocking && $0.indicator != .pageFile }) {
            windows.addDeletedTraces(volume, to: &contents)
        }
        contents.factory = windows.factoryConditions(contents, policy)
    } catch { throw UnreadableVolume("\(error)") }
}

/// One installed Windows.
struct InstalledWindows {
    var files: WindowsFiles
    var hives: WindowsHives

    /// `defaultuser0` is a helper of the first start.
    private var madeAccounts: [AccountsHive.Account] {
        (hives.accounts?.accounts ?? []).filter { $0.isMade && isNoHelper($0.name) }
    }

    private func isNoHelper(_ name: String) -> Bool { name.lowercased() != "defaultuser0" }

    private var imageState: ImageState? { (hives.software?.imageState).map { ImageState($0) } }

    private func textOrNil(_ text: String?) -> String? { text?.isEmpty == false ? text : nil }

    /// What a person wants to know.
    func describe(_ contents: inout VolumeContents) {
        let (system, software, security) = (hives.system, hives.software, hives.security)
        let build = textOrNil(software?.build).map { "build \($0)" }
        contents.system = [textOrNil(software?.product) ?? "Windows", build].compactMap { $0 }.joined(separator: ", ")
        contents.hostName =
            textOrNil(system?.hostName) ?? textOrNil(system?.computerName) ?? textOrNil(security?.machineName)
        contents.domain =
            textOrNil(system?.lastingDomain) ?? textOrNil(system?.domain) ?? textOrNil(software?.policyDomain)
            ?? (security?.domainSID == nil ? nil : textOrNil(security?.domain) ?? textOrNil(security?.primaryName))
        contents.knownPartitions = system?.mountedPartitions ?? []
        contents.owner = textOrNil(software?.owner)
        let folders = files.people.map { String($0.split(separator: "\\").last ?? "") }
        let profiles = (software?.profiles ?? []).filter(\.isOfAPerson)
            .map { String($0.folder.split(separator: "\\").last ?? "") }
        var seen: Set<String> = []
        contents.users = (madeAccounts.map(\.name) + profiles + folders)
            .filter { !$0.isEmpty && seen.insert($0.lowercased()).inserted }
        contents.users.removeSubrange(min(100, contents.users.count)...)
        contents.management = files.management + (system?.managementServices ?? []) + (software?.managementKeys ?? [])
        contents.wasUsed(system?.lastShutdown, files.newestLog)
        for account in madeAccounts { contents.wasUsed(account.lastLogon) }
        for profile in hives.profiles { contents.wasUsed(profile.hive.changed) }
    }

    func addEvidence(to contents: inout VolumeContents) {
        addSetup(to: &contents)
        addPeople(to: &contents)
        addMembership(to: &contents)
        for name in hives.replayed {
            contents.found(.hiveReplayed, .information, "the registry's \(name) was not closed; its log was carried in")
        }
        for trouble in hives.troubles { contents.found(.unreadableFacts, .unprovable, trouble) }
        if contents.lastUsed != nil {
            contents.found(.lastUse, .information, "Windows was last at work then, by its own records")
        }
    }

    private var states: [String] { [hives.software?.imageState, files.imageState].compactMap { $0 } }

    /// As a vendor leaves it, or as one that was in use is made to look.
    var isSealed: Bool { states.contains { [.sealed, .specialized].contains(ImageState($0)) } }

    private func addSetup(to contents: inout VolumeContents) {
        if hives.system?.setup.isFinished == true {
            contents.found(.setupFinished, .blocking, "Windows was set up: the first start's questions are answered")
        }
        if states.contains(where: { ImageState($0) == .complete }) {
            contents.found(.imageComplete, .blocking, "Windows was set up: IMAGE_STATE_COMPLETE")
        }
        for name in hives.system?.upgrades ?? [] { contents.found(.upgrade, .blocking, "an upgrade: \(name)") }
        if isSealed, !madeAccounts.isEmpty || !personalProfiles.isEmpty || !files.people.isEmpty || hasLogons {
            contents.found(.sealedAfterUse, .blocking, "sealed again as if new, after it was in use")
        }
    }

    private var personalProfiles: [SoftwareHive.Profile] { (hives.software?.profiles ?? []).filter(\.isOfAPerson) }

    private var hasLogons: Bool {
        madeAccounts.contains { $0.logons > 0 || $0.lastLogon != nil } || isAdministratorUsed
    }

    /// Microsoft's own logons are in the images it delivers, so that only later ones count.
    private var isAdministratorUsed: Bool {
        (hives.accounts?.accounts ?? []).contains { account in
            guard account.number == 500, let last = account.lastLogon else { return false }
            // Without a time to hold it against, nothing says that it was Microsoft's.
            return account.changed.map { last > $0 } ?? true
        }
    }

    private func addPeople(to contents: inout VolumeContents) {
        if !madeAccounts.isEmpty {
            contents.found(.localAccount, .blocking, "\(madeAccounts.count) accounts that somebody made")
        }
        let profiles = max(files.people.count, personalProfiles.count)
        if profiles > 0 { contents.found(.userProfile, .blocking, "\(profiles) profiles of people") }
        if hasLogons { contents.found(.logons, .blocking, "somebody logged on") }
        if let count = hives.security?.cachedLogons, count > 0 {
            contents.found(.cachedLogons, .blocking, "\(count) logons of domain users are kept")
        }
        for (folder, hive) in hives.profiles where hive.isUsed {
            contents.found(.profileActivity, .blocking, "somebody worked in \(folder)")
        }
        if let count = hives.system?.usbDisks, count > 0 {
            contents.found(.usbDisks, .weak, "\(count) kinds of USB disks were attached")
        }
    }

    private func addMembership(to contents: inout VolumeContents) {
        var signs: [String] = []
        if hives.security?.domainSID != nil { signs.append("the domain's identifier") }
        if hives.security?.hasMachineAccount == true { signs.append("a machine account") }
        if let name = textOrNil(hives.system?.lastingDomain) { signs.append("the domain \(name)") }
        if hives.system?.startsNetlogon == true, textOrNil(hives.system?.directorySite) != nil {
            signs.append("a site in the directory")
        }
        if let name = textOrNil(hives.software?.policyDomain) { signs.append("policy of \(name)") }
        if !signs.isEmpty {
            contents.found(.domainMember, .blocking, "member of a domain: \(signs.joined(separator: ", "))")
        }
        if hives.system?.isCloudJoined == true { contents.found(.cloudMember, .blocking, "joined to Entra") }
        if let count = hives.software?.enrolments, count > 0 {
            contents.found(.cloudMember, .blocking, "enrolled for management of devices")
        }
        if !contents.management.isEmpty {
            contents.found(
                .managementClient, .blocking, "ConfigMgr's client: \(contents.management.joined(separator: ", "))")
        }
    }

    /// F3 to F11, as far as the volume proves them; section 4.2 of the reference on prior installations.
    func factoryConditions(_ contents: VolumeContents, _ policy: FactoryPolicy) -> Set<FactoryCondition> {
        let found = Set(contents.evidence.map(\.indicator))
        var proved: Set<FactoryCondition> = []
        if contents.isClean { proved.insert(.cleanVolumes) }
        if hives.areComplete { proved.insert(.readableHives) }
        if hives.system?.setup.isPending == true { proved.insert(.setupPending) }
        let fits = imageState == .sealed || (imageState == .specialized && policy.trustsSpecialized)
        if fits, hives.software?.imageState == files.imageState { proved.insert(.imageStateAgrees) }
        let builtIn: Set<UInt32> = [500, 501, 503, 504]
        if let accounts = hives.accounts?.accounts, !accounts.isEmpty, !isAdministratorUsed,
            accounts.allSatisfy({ builtIn.contains($0.number) })
        {
            proved.insert(.builtInAccountsOnly)
        }
        let system: Set<String> = ["S-1-5-18", "S-1-5-19", "S-1-5-20"]
        if let profiles = hives.software?.profiles, profiles.allSatisfy({ system.contains($0.sid) }),
            files.people.isEmpty
        {
            proved.insert(.noProfiles)
        }
        if hives.areComplete {
            if found.isDisjoint(with: [.domainMember, .cloudMember]) { proved.insert(.noMembership) }
            if found.isDisjoint(with: [.managementClient, .parkedSession, .upgrade, .profileActivity]) {
                proved.insert(.noTraceOfUse)
            }
        }
        if let installed = hives.software?.installed {
            let newest = [files.newestLog, files.newestProfile].compactMap { $0 }.max() ?? 0
            if newest <= Int(installed) + policy.hoursAfterSetup * 3600 { proved.insert(.noLateFiles) }
        }
        return proved
    }
}
