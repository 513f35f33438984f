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
    /// Whether the agent would open the firmware's set-up interface if the server asked for it.
    package var offersStartConfiguration: Bool?
    /// SHA-256 of the SubjectPublicKeyInfo of the key for which the agent will order a certificate, hexadecimal.
    ///
    /// The job proves the machine for this key and no other.
    package var agentKey: String?

    package init(
        agentVersion: String, machine: MachineID, osName: Hostname, osNameRule: String, firmwareName: String?,
        provisioningState: ProvisioningState, controlMode: ControlMode, offersStartConfiguration: Bool? = nil,
        agentKey: String? = nil
    ) {
        wireVersion = Wire.version
        self.agentVersion = agentVersion
        self.machine = machine
        self.osName = osName
        self.osNameRule = osNameRule
        self.firmwareName = firmwareName
        self.provisioningState = provisioningState
        self.controlMode = controlMode
        self.offersStartConfiguration = offersStartConfiguration
        self.agentKey = agentKey
    }
}

/// The server's answer to a ``Report``.
package struct Directive: Hashable, Codable, Sendable {
    /// What follows from the report.
    ///
    /// `in-sync`: nothing to do; `follow`: a job runs or waits, see ``job``; `held`: a person must decide;
    /// `provisioning`: the firmware has to be set up first, said only to an agent that offers to start that: it does so
    /// where ``startConfiguration`` is there, and reports again after a while.
    package enum Verdict: String, Codable, Sendable {
        case inSync = "in-sync"
        case follow
        case held
        case provisioning
    }

    package var verdict: Verdict
    package var message: String
    /// The job to follow; the same one for a second report while it runs.
    package var job: String?
    package var echo: HostNameEcho?
    package var startConfiguration: StartOrder?
    package var board: BoardChallenge?

    package init(
        verdict: Verdict, message: String, job: String? = nil, echo: HostNameEcho? = nil,
        startConfiguration: StartOrder? = nil, board: BoardChallenge? = nil
    ) {
        self.verdict = verdict
        self.message = message
        self.job = job
        self.echo = echo
        self.startConfiguration = startConfiguration
        self.board = board
    }
}

/// How the agent shall open the firmware's set-up interface through the host interface.
package struct StartOrder: Hashable, Codable, Sendable {
    /// A one-time password of 8 to 32 characters that the firmware shall hold for its provisioning server.
    ///
    /// A secret: never printed.
    package var otp: String?
    package var ipv6: Bool

    package init(otp: String? = nil, ipv6: Bool = false) {
        self.otp = otp
        self.ipv6 = ipv6
    }
}

/// A name that a machine will have when its build has ended; asked about early, so that a refusal comes early too.
package struct Expectation: Hashable, Codable, Sendable {
    package var wireVersion: Int
    package var machine: MachineID
    package var name: Hostname

    package init(machine: MachineID, name: Hostname) {
        wireVersion = Wire.version
        self.machine = machine
        self.name = name
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
    /// How often the server has looked and seen another name; when it grows, the agent writes ``name`` once more.
    ///
    /// Intel's LMS writes the operating system's name into the firmware every hour, perhaps in between.
    package var missed: Int?

    package init(name: Hostname, seen: Bool, missed: Int? = nil) {
        self.name = name
        self.seen = seen
        self.missed = missed
    }
}
