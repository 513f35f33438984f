import Foundation

/// A folder in which devices keep what their flash holds: one file each, named for the UUID.
///
/// What a power cut loses is not in it: starting again is a power cycle. The files hold private keys and password hashes
/// of simulated devices, so they are their owner's alone.
final class StateFolder: Sendable {
    private struct Flash: Codable {
        var provisioningState: UInt32
        var controlMode: UInt32
        var names: SimulatedFirmware.Names
        var accounts: Accounts
        var store: KeyStore.Saved
        var tls: SimulatedFirmware.TLSState
        var clockOffset: Double
        var hasClock: Bool
        var isTimeValid: Bool
        var digestRealm: String
        var configurationNonce: [UInt8]
        var commits: Int
        /// Not in files of earlier versions.
        var host: HostFacts?
        var redirection: SimulatedFirmware.Redirection?
        var setUpEnds: Double?
        var settled: Settled?
        var sharedKey: SharedKey?
        var wired: WiredPort?
        var disabledRoots: Set<[UInt8]>?
    }

    private let path: String
    private let say: @Sendable (String) -> Void

    init(_ path: String, say: @escaping @Sendable (String) -> Void) throws {
        self.path = path
        self.say = say
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw SimulationFault("the state folder \(path) cannot be made: \(error)", exitCode: 73)
        }
    }

    private func file(_ firmware: SimulatedFirmware) -> String { "\(path)/\(printed(firmware.uuid)).json" }

    /// Gives a device back what it held; one without a file is as the factory made it.
    ///
    /// - Throws: ``SimulationFault`` that names the file, when it is none of ours.
    func restore(_ firmware: inout SimulatedFirmware) throws {
        let name = file(firmware)
        guard let data = FileManager.default.contents(atPath: name) else { return }
        do {
            let flash = try JSONDecoder().decode(Flash.self, from: data)
            guard let state = SimulatedFirmware.ProvisioningState(rawValue: flash.provisioningState) else {
                throw SimulationFault("there is no provisioning state \(flash.provisioningState)", exitCode: 65)
            }
            firmware.provisioningState = state
            firmware.controlMode = flash.controlMode
            firmware.names = flash.names
            firmware.accounts = flash.accounts
            firmware.store = try KeyStore(flash.store)
            firmware.committedTLS = flash.tls
            firmware.clockOffset = flash.clockOffset
            firmware.hasClock = flash.hasClock
            firmware.isTimeValid = flash.isTimeValid
            firmware.digestRealm = flash.digestRealm
            firmware.configurationNonce = flash.configurationNonce
            firmware.commits = flash.commits
            if let host = flash.host { firmware.host = host }
            if let redirection = flash.redirection { firmware.redirection = redirection }
            firmware.setUpEnds = flash.setUpEnds
            firmware.settled = flash.settled
            firmware.sharedKey = flash.sharedKey
            firmware.wired = flash.wired ?? WiredPort()
            firmware.disabledRoots = flash.disabledRoots ?? []
            if let suffix = firmware.host.agentSuffix { firmware.trustedSuffix = suffix }
            firmware.powerCut()
        } catch {
            throw SimulationFault(
                "the state file \(name) cannot be used: \(error). Remove it to start with a new device.", exitCode: 65)
        }
    }

    /// Writes a device's file anew whenever it has changed.
    func keep(_ host: FirmwareHost) {
        host.onChange { [self] firmware in
            do { try write(firmware) } catch {
                say("the state file \(file(firmware)) cannot be written: \(error)")
            }
        }
    }

    private func write(_ firmware: SimulatedFirmware) throws {
        let flash = Flash(
            provisioningState: firmware.provisioningState.rawValue, controlMode: firmware.controlMode,
            names: firmware.names, accounts: firmware.accounts, store: firmware.store.saved,
            tls: firmware.committedTLS, clockOffset: firmware.clockOffset, hasClock: firmware.hasClock,
            isTimeValid: firmware.isTimeValid, digestRealm: firmware.digestRealm,
            configurationNonce: firmware.configurationNonce, commits: firmware.commits, host: firmware.host,
            redirection: firmware.redirection, setUpEnds: firmware.setUpEnds,
            settled: firmware.settled, sharedKey: firmware.sharedKey, wired: firmware.wired,
            disabledRoots: firmware.disabledRoots)
        let name = file(firmware)
        try JSONEncoder().encode(flash).write(to: URL(filePath: name), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: name)
    }
}
