package import Vocabulary

/// What the agent found on a machine's disks, for the server that decides about its build.
package struct Inspection: Hashable, Codable, Sendable {
    package var wireVersion: Int
    package var machine: MachineID
    /// `blank`, `factory`, `unknown` or `prior`: the worst of all disks.
    package var verdict: String

    package init(machine: MachineID, verdict: String) {
        wireVersion = Wire.version
        self.machine = machine
        self.verdict = verdict
    }
}
