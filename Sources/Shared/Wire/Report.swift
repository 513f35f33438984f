package import Vocabulary

/// What the agent saw on its machine.
///
/// Facts only; the server decides.
package struct Report: Hashable, Codable, Sendable {
    package var wireVersion: Int
    package var agentVersion: String
    package var machine: MachineID
    package var osName: Hostname
    /// Which rule found ``osName``, for the person who wonders.
    package var osNameRule: String
    /// GetFQDN of the host interface; empty when the firmware has no name, absent when it cannot be read.
    package var firmwareName: String?
    package var provisioningState: ProvisioningState
    package var controlMode: ControlMode

    package init(
        agentVersion: String, machine: MachineID, osName: Hostname, osNameRule: String, firmwareName: String?,
        provisioningState: ProvisioningState, controlMode: ControlMode
    ) {
        wireVersion = Wire.version
        self.agentVersion = agentVersion
        self.machine = machine
        self.osName = osName
        self.osNameRule = osNameRule
        self.firmwareName = firmwareName
        self.provisioningState = provisioningState
        self.controlMode = controlMode
    }
}

/// The server's answer to a ``Report``.
package struct Directive: Hashable, Codable, Sendable {
    /// What follows from the report.
    ///
    /// `in-sync`: nothing to do; `follow`: a job runs or waits, see ``job``; `held`: a person must decide.
    package enum Verdict: String, Codable, Sendable {
        case inSync = "in-sync"
        case follow
        case held
    }

    package var verdict: Verdict
    package var message: String
    /// The job to follow; the same one for a second report while it runs.
    package var job: String?
    package var echo: HostNameEcho?

    package init(verdict: Verdict, message: String, job: String? = nil, echo: HostNameEcho? = nil) {
        self.verdict = verdict
        self.message = message
        self.job = job
        self.echo = echo
    }
}

/// Proof that a report comes from the board that it names.
///
/// The agent writes ``name`` as the host's FQDN through the host interface (SetHostFQDN) and says so; the server reads
/// `HostOSFQDN` over its own authenticated session with that firmware. Once ``seen``, the agent writes the true name
/// back and says that too. The true name is always written last, also when anything fails.
package struct HostNameEcho: Hashable, Codable, Sendable {
    package var name: Hostname
    package var seen: Bool

    package init(name: Hostname, seen: Bool) {
        self.name = name
        self.seen = seen
    }
}
