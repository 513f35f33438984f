import Foundation

extension ControlCommand {
    /// The faults of the host's side.
    ///
    /// - Returns: `nil` for a command that is none of these.
    func hostSide(_ fields: Fields, _ host: FirmwareHost) -> Data? {
        let times = fields.times ?? 1
        switch fields.do {
        case "meiBusy": host.with { $0.hostFaults.busy = times }
        case "meiSilent": host.with { $0.hostFaults.silent = times }
        case "meiEmpty": host.with { $0.hostFaults.empty = times }
        case "meiStatus":
            guard let value = fields.value.flatMap({ UInt32($0) }) else {
                return json(["error": "value is a status, such as \"2\""])
            }
            host.with { $0.hostFaults.status = (times, value) }
        case "meiStall": host.with { $0.hostFaults.late = (times, fields.seconds ?? 15) }
        case "meiVanish": host.reset(seconds: fields.seconds ?? 0)
        case "amtDisabled":
            host.with { $0.firmware.host.isDisabledInMEBx = fields.on ?? true }
            host.reset(seconds: fields.seconds ?? 0)
            host.restartNetwork()
        case "meiRecovery":
            let isOn = fields.on ?? true
            host.with { $0.firmware.isInRecovery = isOn }
            host.reset(seconds: fields.seconds ?? 0)
            host.restartNetwork()
        default: return nil
        }
        return json(["ok": true])
    }
}

extension FirmwareHost {
    /// The engine resets: what the host has open is dead, and for so long nothing can be opened.
    func reset(seconds: Double) {
        with { $0.hostFaults.resetEnds = $0.firmware.now + seconds }
        vanishDevices()
        guard seconds > 0 else { return }
        Task {
            try? await Task.sleep(for: .seconds(seconds))
            changedHostSide()
        }
    }
}
