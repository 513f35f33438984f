import Foundation

/// The commands that only read, and the layouts of what they give.
///
/// Source: host reference 2.2, 2.3.
extension SimulatedFirmware {
    /// `GetCodeVersions`' entries, in the order of real dumps.
    var codeVersions: [(name: String, value: String)] {
        [
            ("Flash", personality.version), ("Netstack", personality.version), ("AMTApps", personality.version),
            ("AMT", personality.version), ("Sku", personality.sku), ("VendorID", "8086"),
            ("Build Number", personality.build), ("Recovery Version", personality.version),
            ("Recovery Build Num", personality.build), ("Legacy Mode", "False"),
        ]
    }

    func reading(_ command: HostCommand, _ data: [UInt8]) -> HostAnswer? {
        let argument = HostBytes.number(data, at: 0)
        switch command {
        case .getProvisioningMode: return .data(HostBytes.word(1) + HostBytes.word(0))
        case .getProvisioningState: return .data(HostBytes.word(provisioningState.rawValue))
        case .getControlMode: return .data(HostBytes.word(controlMode))
        case .getCodeVersions: return .data(codeVersionTable)
        case .getUUID: return .data(uuid)
        case .getFQDN: return .data(ownName)
        case .getPkiFQDNSuffix: return .data(HostBytes.ansi(trustedSuffix))
        case .getLocalSystemAccount:
            return .data(HostBytes.fixed("$$OsAdmin", 33) + HostBytes.fixed(accounts.osAdminPassword, 33) + [0, 0])
        case .enumerateHashHandles:
            let handles = trustedRoots.indices.flatMap { HostBytes.word(UInt32($0)) }
            return .data(HostBytes.word(UInt32(trustedRoots.count)) + handles)
        case .getCertificateHashEntry: return hashEntry(argument)
        case .getProvisioningTLSMode:
            // 1 shared key, 2 certificates.
            return .data(HostBytes.word(setsUpBySharedKey ? 1 : 2))
        case .getRngSeedStatus: return .data(HostBytes.word(0))
        case .getZeroTouchEnabled: return .data(HostBytes.flag(true))
        case .getEHBCState: return .data(HostBytes.flag(host.allowsEmbeddedHostBasedSetUp))
        case .getConfigServerData:
            let server = host.setUpServer
            return .data(
                HostBytes.short(server.port) + HostBytes.fixed(server.address, 46) + HostBytes.ansi(server.name))
        default: return surroundings(command, data)
        }
    }

    /// What the machine's network, power and sessions are like.
    private func surroundings(_ command: HostCommand, _ data: [UInt8]) -> HostAnswer? {
        switch command {
        case .getAMTState: return state(data)
        case .getTcpipParameters:
            let texts = [ipv4.address, "255.255.255.0", ipv4.gateway, ipv4.nameServer, ""]
            let addresses: [UInt8] = texts.flatMap { HostBytes.address($0) }
            return .data(HostBytes.word(2) + addresses + HostBytes.ansi(dnsSuffix))
        case .getMACAddresses: return .data(mac + mac)
        case .getLanInterfaceSettings:
            guard HostBytes.number(data, at: 0) == 0 else { return .data([UInt8](repeating: 0, count: 20)) }
            return .data(
                HostBytes.flag(true) + HostBytes.address(ipv4.address) + HostBytes.flag(true) + [1, 1] + mac)
        case .getIPv6LanInterfaceStatus: return ipv6Status(HostBytes.number(data, at: 0))
        case .getDNSSuffixList:
            let list = Array(host.dnsSuffixes.map { $0 + "\0" }.joined().utf8)
            return .data(HostBytes.short(UInt16(clamping: list.count)) + list)
        case .getRemoteAccessConnectionStatus:
            let access = host.remoteAccess
            return .data(
                [access.network, access.connection, access.trigger].flatMap(HostBytes.word)
                    + HostBytes.ansi(access.server))
        case .getCurrentPowerPolicy: return .data(HostBytes.ansi(host.powerPolicy))
        case .getLastHostResetReason:
            return .data(HostBytes.word(host.lastReset.reason) + HostBytes.word(host.lastReset.time))
        case .getUserInitiatedEnabledInterfaces: return .data(HostBytes.word(3))
        case .getMESetupAuditRecord:
            guard let audit = host.setUpAudit else { return .status(2068) }
            return .data(audit.bytes)
        case .getSecurityParameters: return .data(securityParameters)
        case .getRedirectionState:
            let redirection = host.redirection
            return .data(
                HostBytes.word(
                    (redirection.allowsSOL ? 1 : 0) | (redirection.allowsIDER ? 2 : 0)
                        | (redirection.allowsKVM ? 4 : 0)))
        case .getFeaturesState: return feature(HostBytes.number(data, at: 0))
        default: return nil
        }
    }

    /// The firmware's own name, whole; empty where it has none.
    var ownFQDN: String { [names.hostName, names.domainName].filter { !$0.isEmpty }.joined(separator: ".") }

    private var ownName: [UInt8] {
        HostBytes.flag(names.sharedFQDN) + HostBytes.flag(names.others["DDNSUpdateEnabled"] == "true")
            + HostBytes.word(UInt32(names.others["DDNSPeriodicUpdateInterval"] ?? "") ?? 1440)
            + HostBytes.word(UInt32(names.others["DDNSTTL"] ?? "") ?? 900)
            + HostBytes.word(UInt32(names.hostName.utf8.count)) + HostBytes.ansi(ownFQDN)
    }

    private var codeVersionTable: [UInt8] {
        var table = HostBytes.fixed(personality.biosVersion, 65) + HostBytes.word(UInt32(codeVersions.count))
        for (name, value) in codeVersions {
            for text in [name, value] {
                table += HostBytes.short(UInt16(text.utf8.count)) + HostBytes.fixed(text, 20)
            }
        }
        return table
    }

    private func hashEntry(_ handle: UInt32) -> HostAnswer {
        guard let place = Int(exactly: handle), trustedRoots.indices.contains(place) else {
            return .status(personality.switches.unknownRoot.rawValue)
        }
        let hash = trustedRoots[place]
        return .data(
            HostBytes.flag(true) + HostBytes.flag(!disabledRoots.contains(hash)) + HostBytes.filled(hash, 64)
                + [Personality.RootHash(length: hash.count).rawValue]
                + HostBytes.ansi(String(rootName(place).prefix(32))))
    }

    /// Link state is the one state that has a number.
    private func state(_ identifier: [UInt8]) -> HostAnswer {
        guard identifier == [UInt8](repeating: 0, count: 15) + [1] else { return .status(36) }
        // Five bytes: link, reserved, crypto fuse, flash protection, last reset.
        return .data(identifier + HostBytes.word(5) + [1, 0, 1, 0, 0])
    }

    private var securityParameters: [UInt8] {
        let flags = [
            true, committedTLS.remote.enabled, true, nil, names.others["AMTNetworkEnabled"] == "1",
            host.redirection.allowsSOL, host.redirection.allowsIDER, true, true, host.redirection.allowsKVM,
        ]
        let words = flags.flatMap { $0.map(HostBytes.flag) ?? HostBytes.word(provisioningState.rawValue) }
        return words + [UInt8](repeating: 0, count: 7 * 4)
    }

    private func feature(_ number: UInt32) -> HostAnswer {
        let words: [UInt32]
        switch number {
        case 0: words = [host.redirection.isIDEROpen ? 1 : 0, host.redirection.isSOLOpen ? 1 : 0, 0]
        case 1, 3: words = [0]
        case 2: words = [1]
        case 4: words = [host.redirection.kvm]
        default: return .status(36)
        }
        return .data(([number] + words).flatMap(HostBytes.word))
    }

    private func ipv6Status(_ interface: UInt32) -> HostAnswer {
        guard interface <= 1 else { return .status(2501) }
        guard interface == 0, let ipv6 = host.ipv6 else { return .status(2500) }
        let servers = ([ipv6.router] + ipv6.dns).flatMap { HostBytes.fixed($0, 46) }
        let addresses = ipv6.addresses.flatMap {
            HostBytes.fixed($0.text, 46) + HostBytes.word($0.type) + HostBytes.word($0.state)
        }
        return .data(servers + HostBytes.word(UInt32(ipv6.addresses.count)) + addresses)
    }
}
