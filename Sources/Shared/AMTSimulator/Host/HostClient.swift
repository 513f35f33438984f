/// The clients that the firmware offers the host on the MEI bus.
///
/// Names, GUIDs and the limits that were seen on hardware are those of host reference 1.3; limits of MKHI and UPID, and how
/// many connections each allows, are chosen.
package enum HostClient: String, CaseIterable, Sendable {
    /// AMTHI, also PTHI.
    case hostInterface = "12f80028-b4b7-4b2d-aca8-46e0ff65814c"
    /// LME, which speaks APF.
    case portForwarding = "6733a4db-0476-4e7b-b3af-bcfc29bee7a7"
    /// The watchdog's client, which tells too whether AMT is on.
    case manageability = "05b79a6f-4628-4d7f-899d-a91514cb32ab"
    /// MKHI, which every management engine has.
    case kernelInterface = "8e6a6715-9abc-4043-88ef-9e39c6f63e0f"
    /// UPID, of newer platforms.
    case platformIdentity = "92136c79-5fea-4cfd-980e-23be07fa5e9f"

    /// The GUID as the connect ioctl carries it: the first three fields little-endian.
    package var guid: [UInt8] {
        let digits = rawValue.compactMap(\.hexDigitValue)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        return [3, 2, 1, 0, 5, 4, 7, 6].map { bytes[$0] } + bytes[8...]
    }

    init?(guid: [UInt8]) {
        guard let found = Self.allCases.first(where: { $0.guid == guid }) else { return nil }
        self = found
    }

    var protocolVersion: UInt8 { self == .portForwarding ? 4 : 1 }

    func longestMessage(_ personality: Personality) -> UInt32 {
        switch self {
        case .hostInterface, .manageability: personality.hostInterfaceLimit
        case .portForwarding: 8192
        case .kernelInterface: 2048
        case .platformIdentity: 512
        }
    }

    /// How many of the host may be connected at once.
    func connections(_ personality: Personality) -> Int {
        switch self {
        case .hostInterface, .manageability, .kernelInterface, .platformIdentity: 8
        // AMT 7 took one, 11 and later more (MeshAgent).
        case .portForwarding: personality.switches.portForwardingClients ?? (personality.release < 11 ? 1 : 8)
        }
    }
}

extension SimulatedFirmware {
    /// What the bus offers now: in recovery mode MKHI alone, without AMT's two where MEBx has switched it off.
    package var hostClients: [HostClient] {
        HostClient.allCases.filter { client in
            switch client {
            case .kernelInterface: true
            case .manageability: !isInRecovery
            case .platformIdentity: !isInRecovery && personality.release >= 16
            case .hostInterface, .portForwarding: !isInRecovery && !host.isDisabledInMEBx
            }
        }
    }
}
