import Foundation
import LibXML

enum AMT_SetupAndConfigurationService: FirmwareClass {
    static let name = "AMT_SetupAndConfigurationService"

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var properties = serviceProperties(name, "Intel(r) AMT Setup and Configuration Service")
        properties["PasswordModel"] = .text("1")
        properties["ProvisioningMode"] = .text(firmware.controlMode == 1 ? "4" : "1")
        properties["ProvisioningState"] = .number(firmware.provisioningState.rawValue)
        properties["ZeroTouchConfigurationEnabled"] = .text("true")
        if firmware.provisioningState != .pre {
            properties["ProvisioningServerOTP"] = .text(Data(count: 32).base64EncodedString())
        }
        if firmware.provisioningState == .in { properties["DhcpDNSSuffix"] = .text(firmware.dnsSuffix) }
        return [instance(properties)]
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
            return .status(0)
        case "SetMEBxPassword":
            guard firmware.controlMode != 1 else { return .status(16) }
            return .status((8...32).contains(input["Password"]?.text.utf8.count ?? 0) ? 0 : 2054)
        case "Unprovision":
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
}

extension SimulatedFirmware {
    /// Makes what is pending take effect; in set-up mode, ends set-up in admin control mode.
    ///
    /// Source for what must be there: network reference 3.4.
    mutating func commit() -> UInt32 {
        guard provisioningState != .pre else { return 1 }
        guard !names.hostName.isEmpty else { return 2057 }
        if tls.remote.enabled || tls.local.enabled {
            guard let handle = tls.certificate, let stored = store.certificates[handle],
                store.key(of: stored.certificate) != nil
            else { return 2057 }
        }
        if provisioningState == .in {
            guard accounts.adminA1 != nil else { return 2057 }
            provisioningState = .post
            controlMode = 2
        }
        committedTLS = tls
        commits += 1
        return 0
    }

    /// Partial keeps admin, names and hashes; full clears all.
    ///
    /// Both open set-up again only where it is partial.
    mutating func unprovision(partially: Bool) {
        let admin = accounts.adminA1
        accounts.forgetAllButSystem()
        store = KeyStore()
        tls = TLSState()
        committedTLS = TLSState()
        nonces = [:]
        if partially {
            accounts.adminA1 = admin
            provisioningState = .in
        } else {
            names = Names()
            provisioningState = .pre
        }
        controlMode = 0
        commits += 1
    }
}
