import Crypto
import Foundation
import LibXML

enum AMT_SetupAndConfigurationService: FirmwareClass {
    static let name = "AMT_SetupAndConfigurationService"
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var properties = serviceProperties(name, "Intel(r) AMT Setup and Configuration Service")
        properties["PasswordModel"] = .text("1")
        properties["ProvisioningMode"] = .text(firmware.controlMode == 1 ? "4" : "1")
        properties["ProvisioningState"] = .number(firmware.provisioningState.rawValue)
        properties["ZeroTouchConfigurationEnabled"] = .text("true")
        if firmware.provisioningState != .pre {
            // Readable in set-up alone; a managed firmware was captured with 32 zeros there.
            let isShown = firmware.provisioningState == .in && !firmware.oneTimePassword.isEmpty
            let password = isShown ? Data(HostBytes.filled(firmware.oneTimePassword, 32)) : Data(count: 32)
            properties["ProvisioningServerOTP"] = .text(password.base64EncodedString())
        }
        if firmware.provisioningState == .in { properties["DhcpDNSSuffix"] = .text(firmware.dnsSuffix) }
        if !firmware.trustedSuffix.isEmpty { properties["TrustedDNSSuffix"] = .text(firmware.trustedSuffix) }
        return [instance(properties)]
    }

    /// Takes the one-time password; nothing else of it can be written.
    static func put(_ firmware: inout SimulatedFirmware, _ request: WSRequest, _ body: XMLElement) throws(WSFault) {
        guard let text = body["ProvisioningServerOTP"]?.text else { return }
        guard let password = Data(base64Encoded: text), (8...32).contains(password.count) else {
            throw .invalidRepresentation
        }
        firmware.oneTimePassword = Array(password)
    }

    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        switch method {
        case "GetUuid":
            return MethodAnswer(
                outputs: [("UUID", .text(Data(firmware.uuid).base64EncodedString()))], status: 0)
        case "CommitChanges": return .status(firmware.commit())
        case "ExtendProvisioningPeriod":
            guard firmware.provisioningState == .in else { return .status(32) }
            guard let hours = UInt32(input["Duration"]?.text ?? ""), hours <= 24 else { return .status(36) }
            firmware.setUpEnds = firmware.now + Double(hours) * 3600
            return .status(0)
        case "SetMEBxPassword":
            return .status(firmware.setMEBxPassword(input["Password"]?.text ?? ""))
        case "Unprovision":
            // 0 as it is, 1 enterprise, 2 small business, 3 remote: since 6.0 they are the same.
            guard let mode = UInt32(input["ProvisioningMode"]?.text ?? ""), mode <= 3 else { return .status(36) }
            firmware.unprovision(partially: false)
            return .status(0)
        case "PartialUnprovision":
            guard firmware.controlMode == 2 else { return .status(16) }
            firmware.unprovision(partially: true)
            return .status(0)
        case "GetUnprovisionBlockingComponents": return .status(0)
        default: throw .actionNotSupported
        }
    }

    /// Whether MEBx takes the password.
    ///
    /// 8 to 32 characters with a lower, an upper, a digit and a special one; `:`, `,` and `"` do not go, and `_` is not
    /// special. Source: network reference 3.5.
    fileprivate static func isStrong(_ password: String) -> Bool {
        let bytes = Array(password.utf8)
        let isWord: (UInt8) -> Bool = { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "_")
        }
        return (8...32).contains(bytes.count)
            && bytes.allSatisfy { (0x21...0x7E).contains($0) && !":,\"".utf8.contains($0) }
            && bytes.contains { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
            && bytes.contains { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }
            && bytes.contains { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } && !bytes.allSatisfy(isWord)
    }
}

extension SimulatedFirmware {
    /// Makes what is pending take effect; in set-up mode, ends set-up in admin control mode.
    ///
    /// Source for what must be there: network reference 3.4.
    mutating func commit() -> UInt32 {
        guard provisioningState != .pre else { return 1 }
        // rpc-go sets machines up from the host without giving them a name; MeshCentral does over the network.
        let awaitedAnnounced = awaitsAnnounced
        let needsName = personality.switches.commitWantsHostName && !awaitedAnnounced
        guard !needsName || !names.hostName.isEmpty else { return 2057 }
        if tls.remote.enabled || tls.local.enabled {
            guard let handle = tls.certificate, let stored = store.certificates[handle],
                store.key(of: stored.certificate) != nil
            else { return 2057 }
        }
        if tls.remote.mutual || tls.local.mutual {
            guard store.certificates.values.contains(where: \.isTrustedRoot), hasClock else { return 2057 }
        }
        if provisioningState == .in {
            guard accounts.adminA1 != nil, hasMEBxPassword || !personality.needsMEBxPassword else { return 2057 }
            provisioningState = .post
            controlMode = 2
            var audit = pendingAudit ?? SetUpAudit(kind: .tls, mode: setsUpBySharedKey ? 1 : 2)
            (audit.serverAddress, audit.time) = (asker, clock)
            audit.isHostInitiated = wasBegunByHost
            (host.setUpAudit, pendingAudit) = (audit, nil)
        }
        committedTLS = tls
        oneTimePassword = []
        host.announcedLeaf = nil
        setUpEnds = nil
        settled = nil
        commits += 1
        return 0
    }

    /// Source: network reference 3.5; the policy is the maker's.
    mutating func setMEBxPassword(_ password: String) -> UInt32 {
        let isAllowed =
            switch personality.switches.mebxPolicy {
            case .anytime: true
            case .duringSetUp: provisioningState == .in
            case .defaultOnly: host.mebxPassword == nil && provisioningState == .in
            }
        guard isAllowed, controlMode != 1 else { return 16 }
        guard AMT_SetupAndConfigurationService.isStrong(password) else { return 2054 }
        host.mebxPassword = Array(SHA256.hash(data: Data(password.utf8)))
        return 0
    }

    /// Takes the firmware back to what it was before set-up.
    ///
    /// Full clears all but the MEBx password, and closes the network. Partial keeps admin, names, hashes and the shared
    /// key, and opens set-up again for six hours. Source: network reference 3.5.
    mutating func unprovision(partially: Bool) {
        let (name, hash) = (accounts.adminName, accounts.adminA1)
        accounts.forgetAllButSystem()
        store = KeyStore()
        tls = TLSState()
        committedTLS = TLSState()
        nonces = [:]
        if partially {
            accounts.adminName = name
            accounts.adminA1 = hash
            if personality.switches.partialSurvivesPowerCut { settle() }
            openSetUp()
        } else {
            names = Names(personality)
            wired = WiredPort()
            disabledRoots = []
            provisioningState = .pre
            settled = nil
            sharedKey = nil
            setUpEnds = nil
        }
        controlMode = 0
        redirection = Redirection()
        hostSetUp = HostSetUp()
        oneTimePassword = []
        host.announcedLeaf = nil
        host.setUpAudit = nil
        wasBegunByHost = false
        configurationNonce = random.bytes(20)
        commits += 1
    }
}
