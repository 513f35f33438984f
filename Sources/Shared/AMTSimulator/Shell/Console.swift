import Foundation

/// What the control socket and `--do` can reach: one device, or those of a fleet.
package struct Console: Sendable {
    /// The device that a line's `device` names; without one the only device, or the first.
    var device: @Sendable (String?) -> FirmwareHost?
    /// Called when a device has a new address, with the old one.
    var move: @Sendable (FirmwareHost, _ old: String) async throws -> Void
    var totals: @Sendable () -> [FirmwareHost]

    /// Does one line.
    ///
    /// - Throws: ``SimulationFault`` with what the console says against it.
    func perform(_ line: String) async throws {
        let answer = await ControlCommand(Data(line.utf8)).run(on: self)
        let object = try JSONSerialization.jsonObject(with: answer) as? [String: Any]
        if let error = object?["error"] { throw SimulationFault("--do \(line): \(error)", exitCode: 64) }
    }

    /// Sums over all devices.
    func sums() -> [String: any Sendable] {
        var requests = 0
        var handshakes = 0
        var hellos = 0
        var managed = 0
        let hosts = totals()
        for host in hosts {
            host.with { state in
                requests += state.requests
                handshakes += state.handshakes
                hellos += state.hellos
                managed += state.firmware.provisioningState == .post ? 1 : 0
            }
        }
        return [
            "devices": hosts.count, "provisioned": managed, "requests": requests, "handshakes": handshakes,
            "hellos": hellos,
        ]
    }

    /// Lets a device have another address; its connections go.
    ///
    /// - Throws: ``SimulationFault`` where the new one cannot be had; the device then keeps the old one.
    func give(_ address: String, to host: FirmwareHost) async throws {
        let old = host.with { state in
            defer { state.firmware.ipv4 = .init(device: address) }
            return state.firmware.ipv4
        }
        do { try await move(host, old.address) } catch {
            host.with { $0.firmware.ipv4 = old }
            throw error
        }
        host.restartNetwork()
    }
}
