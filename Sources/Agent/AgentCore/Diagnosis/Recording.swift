package import AMTHI
import Vocabulary

/// What a firmware answered to everything that the agent asks, without what tells whose it is.
///
/// For people with hardware, to send to us: tests replay it. Nothing is asked that changes the firmware.
package struct Recording: Hashable, Sendable {
    package struct Exchange: Hashable, Sendable {
        package var command: String
        package var request: [UInt8]
        /// Redacted; `nil` where there was none.
        package var answer: [UInt8]?
        /// Why there was none, or why it could not be read.
        package var fault: String?
    }

    package var device: String
    /// What sysfs says of the controller: `fw_ver`, `fw_status`, `dev_state`, `hbm_ver`, `kind`.
    package var attributes: [(name: String, text: String)] = []
    package var exchanges: [Exchange] = []
    /// What the firmware's own WS-Man answered, redacted; `nil` where it was not asked.
    package var management: JSONText?

    package static func == (left: Recording, right: Recording) -> Bool {
        left.device == right.device && left.exchanges == right.exchanges
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(exchanges) }

    /// Asks everything, each on the connection of the one before it.
    ///
    /// - Throws: ``HostInterfaceFault`` when there is no host interface to ask; later faults are part of the recording.
    package static func make(
        at address: DeviceAddress, patience: DevicePatience, system: MEISystem
    ) throws(HostInterfaceFault) -> Recording {
        var device = try MEIDevice(address, patience: patience, system: system)
        var recording = Recording(device: "\(device.address)")
        let name = recording.device.split(separator: "/").last ?? ""
        for attribute in ["kind", "dev_state", "hbm_ver", "fw_ver", "fw_status"] {
            guard let text = smallFile("\(system.sysfs)/class/mei/\(name)/\(attribute)") else { continue }
            recording.attributes.append((attribute, trimmed(text)))
        }
        recording.ask(GetProvisioningState(), &device)
        recording.ask(GetControlMode(), &device)
        recording.ask(GetFQDN(), &device)
        recording.ask(GetUUID(), &device)
        recording.ask(GetCodeVersions(), &device)
        recording.ask(GetPkiFQDNSuffix(), &device)
        recording.ask(GetLanInterfaceSettings(), &device)
        recording.ask(GetLocalSystemAccount(), &device)
        return recording
    }

    private mutating func ask<Command: HostInterfaceCommand>(_ command: Command, _ device: inout MEIDevice) {
        let request = command.message.bytes
        var exchange = Exchange(command: "\(Command.self)", request: request)
        do throws(HostInterfaceFault) {
            let answer = try device.exchange(request, repeatable: true)
            do throws(HostInterfaceFault) {
                _ = try Command.read(answer)
                exchange.answer = redacted(answer, to: Command.code, isReadable: true)
            } catch {
                exchange.answer = redacted(answer, to: Command.code, isReadable: false)
                throw error
            }
        } catch { exchange.fault = "\(error)" }
        exchanges.append(exchange)
    }

    /// Names of members are never changed or removed.
    package var json: JSONText {
        .object([
            .init("recordingVersion", .number(1)),
            .init("agentVersion", .text(agentVersion)),
            .init("device", .text(device)),
            .init("sysfs", .object(attributes.map { .init($0.name, .text($0.text)) })),
            .init(
                "exchanges",
                .list(
                    exchanges.map { exchange in
                        .object([
                            .init("command", .text(exchange.command)),
                            .init("request", .text(exchange.request.hexadecimal)),
                            .init("answer", .optional(exchange.answer?.hexadecimal)),
                            .init("fault", .optional(exchange.fault)),
                        ])
                    })),
            .init("management", management ?? .null),
        ])
    }
}
