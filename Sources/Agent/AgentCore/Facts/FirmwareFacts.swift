package import AMTHI
package import Reconciliation
package import Vocabulary

/// What the firmware says of itself through the host interface.
package struct FirmwareFacts: Hashable, Sendable {
    package var provisioningState: ProvisioningState
    package var controlMode: ControlMode
    /// The firmware's name; a refusal when it is too old to know it.
    package var name: Result<FirmwareFQDN, HostInterfaceFault>
    package var versions: CodeVersions?
    package var machine: MachineID?

    package init(
        provisioningState: ProvisioningState, controlMode: ControlMode,
        name: Result<FirmwareFQDN, HostInterfaceFault>, versions: CodeVersions? = nil, machine: MachineID? = nil
    ) {
        self.provisioningState = provisioningState
        self.controlMode = controlMode
        self.name = name
        self.versions = versions
        self.machine = machine
    }

    /// Which of the commands beyond the three that decide.
    package enum Extent: Sendable {
        /// State, control mode and name.
        case names
        case namesAndMachine
        case everything
    }

    /// Asks the firmware; changes nothing.
    ///
    /// The state comes first: partial unprovisioning keeps the names, so a name alone says nothing.
    ///
    /// - Throws: ``HostInterfaceFault``; a refusal only of state and control mode. Firmware before AMT 6.0 refuses GetFQDN.
    package static func read(
        _ extent: Extent, from device: inout MEIDevice
    ) throws(HostInterfaceFault) -> FirmwareFacts {
        let state = try device.perform(GetProvisioningState())
        let mode = try device.perform(GetControlMode())
        let name = try tolerant(GetFQDN(), &device)
        var facts = FirmwareFacts(provisioningState: state, controlMode: mode, name: name)
        if extent != .names { facts.machine = try tolerant(GetUUID(), &device).value }
        if extent == .everything { facts.versions = try tolerant(GetCodeVersions(), &device).value }
        return facts
    }

    /// A refusal is a value here: the firmware is there, and older or younger than the command.
    private static func tolerant<Command: HostInterfaceCommand>(
        _ command: Command, _ device: inout MEIDevice
    ) throws(HostInterfaceFault) -> Result<Command.Answer, HostInterfaceFault> {
        do throws(HostInterfaceFault) {
            return .success(try device.perform(command))
        } catch {
            guard case .refused = error else { throw error }
            return .failure(error)
        }
    }

    /// The name as sent, empty when there is none, `nil` when it could not be read.
    package var nameText: String? { name.value?.name }

    /// Whether the firmware's name shall be the operating system's; `nil` when it could not be read.
    package var sharedFQDN: Bool? { name.value?.shared }

    /// The name as a facet to compare.
    package var reading: Reading {
        switch name {
        case .failure(let fault): return .unreadable("\(fault)")
        case .success(let answer) where answer.name.isEmpty: return .empty
        case .success(let answer):
            do throws(Hostname.Flaw) { return .name(try Hostname(answer.name)) } catch {
                return .unreadable("its name \(printable(answer.name)) is no host name: \(error)")
            }
        }
    }

    /// The comparison with the operating system's name.
    package func verdict(os: Reading) -> NameVerdict {
        compareNames(
            os: os, firmware: reading, sharedFQDN: sharedFQDN ?? true, provisioning: provisioningState,
            control: controlMode)
    }
}

extension Result {
    fileprivate var value: Success? {
        if case .success(let value) = self { return value }
        return nil
    }
}
