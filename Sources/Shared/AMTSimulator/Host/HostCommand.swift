/// The commands of the host interface, by their numbers.
///
/// Source: host reference 2.2; what it calls unverified is left out.
enum HostCommand: UInt32, CaseIterable {
    case getAMTState = 0x0100_0001
    case getTcpipParameters = 0x0400_0006
    case getProvisioningMode = 0x0400_0008
    case unprovision = 0x0400_0010
    case getProvisioningState = 0x0400_0011
    case getCodeVersions = 0x0400_001A
    case getSecurityParameters = 0x0400_001B
    case getMACAddresses = 0x0400_0025
    case generateRngSeed = 0x0400_0028
    case startConfiguration = 0x0400_0029
    case setProvisioningServerOTP = 0x0400_002A
    case getProvisioningTLSMode = 0x0400_002B
    case enumerateHashHandles = 0x0400_002C
    case getCertificateHashEntry = 0x0400_002D
    case getRngSeedStatus = 0x0400_002E
    case setPkiFQDNSuffix = 0x0400_002F
    case getZeroTouchEnabled = 0x0400_0030
    case getPkiFQDNSuffix = 0x0400_0036
    case getDNSSuffixList = 0x0400_003E
    case setEnterpriseAccess = 0x0400_003F
    case openUserInitiatedConnection = 0x0400_0044
    case closeUserInitiatedConnection = 0x0400_0045
    case getRemoteAccessConnectionStatus = 0x0400_0046
    case getCurrentPowerPolicy = 0x0400_0047
    case getLanInterfaceSettings = 0x0400_0048
    case getFeaturesState = 0x0400_0049
    case getLastHostResetReason = 0x0400_004A
    case getUserInitiatedEnabledInterfaces = 0x0400_004D
    case getConfigServerData = 0x0400_004E
    case getMESetupAuditRecord = 0x0400_0050
    case getIPv6LanInterfaceStatus = 0x0400_0052
    case getFQDN = 0x0400_0056
    case getRedirectionState = 0x0400_0058
    case setHostFQDN = 0x0400_005B
    case getUUID = 0x0400_005C
    case stopConfiguration = 0x0400_005E
    case startConfigurationEx = 0x0400_0062
    case getLocalSystemAccount = 0x0400_0067
    case getControlMode = 0x0400_006B
    case getEHBCState = 0x0400_0084
    case setEHBCState = 0x0400_0085
    case disableAndClearAMT = 0x0400_0088
    case startConfigurationHBased = 0x0400_008B

    /// How many bytes of data a request may have.
    var dataLength: ClosedRange<Int> {
        switch self {
        case .getAMTState: 16...16
        case .unprovision, .getCertificateHashEntry, .getLanInterfaceSettings, .getFeaturesState,
            .getIPv6LanInterfaceStatus, .startConfigurationEx, .setEHBCState:
            4...4
        case .setEnterpriseAccess: 18...18
        case .getLocalSystemAccount: 40...40
        case .setProvisioningServerOTP, .setPkiFQDNSuffix, .setHostFQDN: 2...Int(UInt16.max)
        // Clients send 73, 390 or 393 bytes; 2.3.
        case .startConfigurationHBased: 73...Int(UInt16.max)
        default: 0...0
        }
    }

    /// Whether it may leave the firmware different.
    var changesState: Bool {
        switch self {
        case .unprovision, .startConfiguration, .setProvisioningServerOTP, .setPkiFQDNSuffix, .setHostFQDN,
            .stopConfiguration, .startConfigurationEx, .setEHBCState, .startConfigurationHBased,
            .openUserInitiatedConnection, .closeUserInitiatedConnection, .disableAndClearAMT:
            true
        default: false
        }
    }

    /// The first release that knows the command, where one is documented.
    var firstRelease: Int {
        switch self {
        case .getFQDN, .setHostFQDN, .startConfigurationEx, .getLocalSystemAccount: 6
        case .getControlMode: 7
        case .getEHBCState, .setEHBCState: 9
        case .disableAndClearAMT: 12
        case .startConfigurationHBased: 14
        default: 0
        }
    }

    /// The last release that knows the command, where it went again.
    var lastRelease: Int { self == .generateRngSeed ? 5 : .max }
}

extension Personality {
    /// The release's first number: 12 of 12.0.67.
    var release: Int { version.split(separator: ".").first.flatMap { Int($0) } ?? 0 }

    /// The status with which Unprovision is refused: the maker's guide lists 1, by its meaning 3 is expected.
    package enum UnprovisionRefusal: UInt32, Sendable, CaseIterable {
        case internalError = 1
        case invalidMode = 3
    }
}
