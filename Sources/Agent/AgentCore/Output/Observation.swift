import AMTHI
package import Reconciliation
package import Vocabulary

/// What `status` and `check` found, ready to be shown.
package struct Observation: Sendable {
    package var device: String?
    package var firmware: FirmwareFacts?
    package var os: Result<OSName, Failure>?
    /// Why the firmware could not be read.
    package var fault: Failure?
    /// What DNS says of the operating system's name, where it was asked.
    package var dns: DNSFacts?
    /// What the firmware's own WS-Man says, where it was asked.
    package var local: LocalNames?

    package init(device: String?, firmware: FirmwareFacts?, os: Result<OSName, Failure>?, fault: Failure? = nil) {
        self.device = device
        self.firmware = firmware
        self.os = os
        self.fault = fault
    }

    /// Looks at the firmware, on one open of the device, and at the operating system.
    ///
    /// Where only the comparison is wanted and there is nothing to compare, the name is not looked for: the resolver may
    /// take its time.
    ///
    /// - Parameters:
    ///   - extent: How much to ask the firmware.
    ///   - address: Where its host interface is.
    ///   - patience: How long to wait for it.
    ///   - system: Where the kernel tells of its devices.
    ///   - asksDNS: Whether to ask DNS too, which may take seconds.
    ///   - names: Where the operating system's name comes from.
    /// - Returns: What was found, faults included.
    package static func make(
        _ extent: FirmwareFacts.Extent, at address: DeviceAddress, patience: DevicePatience,
        system: MEISystem = .init(), asksDNS: Bool = false, names: NameSources
    ) -> Observation {
        var made = Observation(device: nil, firmware: nil, os: nil)
        do throws(HostInterfaceFault) {
            var device = try MEIDevice(address, patience: patience, system: system)
            made.device = "\(device.address)"
            made.firmware = try FirmwareFacts.read(extent, from: &device)
        } catch {
            made.fault = Failure(error)
        }
        if extent == .everything || names.override != nil || made.firmware?.provisioningState == .post {
            made.os = Result { () throws(Failure) in try findOSName(names) }
        }
        if asksDNS, case .success(let found) = made.os { made.dns = DNSFacts.read(found.name) }
        return made
    }

    package var verdict: NameVerdict {
        guard let firmware else {
            return fault.map { ExitStatus($0) } == .noAMT ? .noAMT : .unreadable(fault?.message ?? "not read")
        }
        switch os {
        case .success(let found): return firmware.verdict(os: .name(found.name))
        case .failure(let failure): return firmware.verdict(os: .unreadable(failure.message))
        case nil: return firmware.verdict(os: .unreadable("not looked for"))
        }
    }

    /// What went wrong, where something did that a person can mend.
    ///
    /// Without an operating system's name nothing can be compared; that counts only where there is something to compare.
    package var failure: Failure? {
        if let fault { return fault }
        guard case .unreadable(let why) = verdict else { return nil }
        if case .failure(let failure) = os { return failure }
        guard case .failure(let refusal) = firmware?.name else {
            return Failure(
                .deviceAnswerUnreadable, why, hint: "Look at the firmware's name and state with namesake-agent status.")
        }
        return Failure(refusal)
    }

    package var exitStatus: ExitStatus {
        // A usage error is one whatever the firmware says.
        if case .failure(let failure) = os, failure.code == .nameInvalid { return .usage }
        return failure.map { ExitStatus($0) } ?? ExitStatus(verdict)
    }
}

extension NameVerdict {
    /// The word for it in JSON and in tables; never changed.
    package var word: String {
        switch self {
        case .match: "match"
        case .mismatch: "mismatch"
        case .unprovisioned: "unprovisioned"
        case .inProgress: "in-progress"
        case .noAMT: "no-amt"
        case .unreadable: "unreadable"
        }
    }
}
