import Foundation

extension ControlCommand {
    /// The faults of the network side, and what asks about a fleet.
    ///
    /// - Returns: `nil` for a command that is none of these.
    func network(_ fields: Fields, _ host: FirmwareHost, _ console: Console) async -> Data? {
        switch fields.do {
        case "fault":
            guard let kind = fields.kind, FirmwareHost.mishaps.contains(kind) else {
                return json(["error": "kind is one of \(FirmwareHost.mishaps.joined(separator: ", "))"])
            }
            host.with { state in
                state.mishaps.append(
                    Mishap(
                        kind: kind, request: fields.request.map { state.authorized + $0 }, method: fields.method,
                        seconds: fields.seconds))
            }
        case "wrongCertificate": host.with { $0.presentsWrongCertificate = fields.on ?? true }
        case "powerCut": host.powerCut()
        case "clockSkew":
            guard let seconds = fields.seconds else { return json(["error": "seconds is missing"]) }
            host.with { $0.firmware.clockOffset += seconds }
        case "flashWrites":
            // Without a number the limit is lifted.
            host.with { $0.firmware.flashWritesLeft = fields.times }
        case "keyBusy": host.with { $0.firmware.keyGenerationsBusy = fields.times ?? 1 }
        case "address":
            guard let address = fields.value, address.hasPrefix("127.") else {
                return json(["error": "value is an address in 127.0.0.0/8"])
            }
            do { try await console.give(address, to: host) } catch { return json(["error": "\(error)"]) }
        case "fleet": return json(console.sums())
        case "devices":
            let all = console.totals()
            let first = min(max(0, fields.from ?? 0), all.count)
            let rows = all[first...].prefix(fields.times ?? 100).map { host -> [String: any Sendable] in
                host.with { state in
                    [
                        "address": state.firmware.ipv4.address, "uuid": printed(state.firmware.uuid),
                        "provisioningState": state.firmware.provisioningState.rawValue,
                    ]
                }
            }
            return json(["devices": Array(rows), "of": all.count])
        default: return nil
        }
        return json(["ok": true])
    }
}
