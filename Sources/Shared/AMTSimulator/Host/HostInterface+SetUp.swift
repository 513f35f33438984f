import Crypto
import Foundation

/// The commands that change something.
///
/// Source: host reference 2.2 to 2.4.
extension SimulatedFirmware {
    private static let invalidMode = HostAnswer.status(3)
    private static let invalidParameter = HostAnswer.status(36)

    mutating func settingUp(_ command: HostCommand, _ data: [UInt8], ownCertificate: [UInt8]?) -> HostAnswer? {
        switch command {
        case .setHostFQDN: setHostFQDN(data)
        case .setProvisioningServerOTP: setOTP(data)
        case .setPkiFQDNSuffix: setSuffix(data)
        case .setEHBCState: setEmbeddedHostBased(HostBytes.number(data, at: 0))
        case .setEnterpriseAccess: .status(0x200)
        case .startConfiguration, .startConfigurationEx: startConfiguration()
        case .startConfigurationHBased: startHostBased(data, ownCertificate)
        case .stopConfiguration: stopConfiguration()
        case .unprovision: unprovisionFromHost()
        case .generateRngSeed: .data([])
        case .openUserInitiatedConnection: connectForUser()
        case .closeUserInitiatedConnection: disconnectForUser()
        case .disableAndClearAMT: disableAndClear()
        default: nil
        }
    }

    private mutating func setHostFQDN(_ data: [UInt8]) -> HostAnswer {
        guard let name = HostBytes.text(data) else { return .status(4) }
        guard name.count <= 255 else { return Self.invalidParameter }
        names.hostOSFQDN = String(decoding: name, as: UTF8.self)
        return .data([])
    }

    private mutating func setOTP(_ data: [UInt8]) -> HostAnswer {
        guard let otp = HostBytes.text(data) else { return .status(4) }
        guard provisioningState != .post else { return Self.invalidMode }
        // The lengths are those of the WS-Management property; network reference 3.1.
        guard (8...32).contains(otp.count) else { return Self.invalidParameter }
        host.otp = otp
        return .data([])
    }

    private mutating func setSuffix(_ data: [UInt8]) -> HostAnswer {
        guard let suffix = HostBytes.text(data) else { return .status(4) }
        guard provisioningState == .pre || isSetUpOver else { return Self.invalidMode }
        guard suffix.count <= 223 else { return Self.invalidParameter }
        trustedSuffix = String(decoding: suffix, as: UTF8.self)
        host.agentSuffix = trustedSuffix
        return .data([])
    }

    /// Embedded set-up can be allowed by the maker alone, and forbidden at any time.
    private mutating func setEmbeddedHostBased(_ value: UInt32) -> HostAnswer {
        guard value <= 1 else { return Self.invalidParameter }
        guard value == 0 || host.allowsEmbeddedHostBasedSetUp else { return Self.invalidMode }
        host.allowsEmbeddedHostBasedSetUp = value == 1
        return .data([])
    }

    private mutating func startConfiguration() -> HostAnswer {
        guard provisioningState == .pre || isSetUpOver else { return Self.invalidMode }
        guard setsUpBySharedKey || !(dnsSuffix.isEmpty && trustedSuffix.isEmpty) else { return .status(2) }
        enterSetUp()
        return .data([])
    }

    /// Announces the one certificate that may set the machine up from the host; no port opens to the network.
    private mutating func startHostBased(_ data: [UInt8], _ ownCertificate: [UInt8]?) -> HostAnswer {
        guard provisioningState == .pre else { return Self.invalidMode }
        guard let ownCertificate else { return .status(1) }
        let own: [UInt8]
        switch data[0] {
        case 2: own = Array(SHA256.hash(data: ownCertificate))
        case 3: own = Array(SHA384.hash(data: ownCertificate))
        default: return Self.invalidParameter
        }
        host.announcedLeaf = Array(data[1...].prefix(own.count))
        enterSetUp()
        return .data([data[0]] + HostBytes.filled(own, 64))
    }

    private mutating func enterSetUp() {
        openSetUp()
        wasBegunByHost = true
        commits += 1
    }

    private mutating func stopConfiguration() -> HostAnswer {
        guard provisioningState == .in, !isSetUpOver else { return Self.invalidMode }
        stopSetUp()
        return .data([])
    }

    /// Takes back what a client of the host set up; the mode that the request carries is ignored.
    private mutating func unprovisionFromHost() -> HostAnswer {
        guard provisioningState == .post, controlMode != 2 else {
            return .status(personality.switches.hostUnprovisionRefusal.rawValue)
        }
        unprovision(partially: false)
        return .data([])
    }

    /// Only with a server that it could call.
    private mutating func connectForUser() -> HostAnswer {
        guard !host.remoteAccess.server.isEmpty else { return .status(2068) }
        (host.remoteAccess.connection, host.remoteAccess.trigger) = (2, 0)
        return .data([])
    }

    private mutating func disconnectForUser() -> HostAnswer {
        host.remoteAccess.connection = 0
        return .data([])
    }

    /// Takes AMT away until somebody brings it back in MEBx; before set-up alone.
    private mutating func disableAndClear() -> HostAnswer {
        guard provisioningState == .pre else { return Self.invalidMode }
        unprovision(partially: false)
        host.isDisabledInMEBx = true
        return .data([])
    }
}
