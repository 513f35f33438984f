extension SimulatedFirmware {
    /// Whether hellos are due: in set-up mode, unless the host alone is to set the machine up.
    package var saysHello: Bool {
        personality.switches.saysHello && provisioningState == .in && admission(tls: true) != .closed
    }

    /// The hello packet: of set-up by certificates version 3, of set-up by a shared key version 2.
    ///
    /// Source: network reference 2.1; three captures of version 3.
    package func hello(retry: UInt32) -> [UInt8] {
        let sharedKey = setsUpBySharedKey ? sharedKey : nil
        var bytes: [UInt8] = [accounts.adminA1 == nil ? 0 : 1, 0, sharedKey == nil ? 3 : 2, 0]
        bytes += withUnsafeBytes(of: min(retry, 14).littleEndian) { Array($0) }
        if let sharedKey { return bytes + uuid + Array(sharedKey.identity.utf8) }
        bytes += uuid + [UInt8(activeRoots.count)]
        for root in activeRoots {
            bytes += [Personality.RootHash(length: root.count).rawValue, UInt8(root.count)] + root
        }
        return bytes
    }

    /// When the next hello is due after the `count`th, in seconds; `nil` when none is.
    ///
    /// Once a minute for five minutes, every five for an hour, hourly for 23 hours. Source: network reference 2.3.
    package static func pause(afterHello count: Int) -> Double? {
        switch count {
        case ..<5: 60
        case ..<17: 300
        case ..<40: 3600
        default: nil
        }
    }
}
