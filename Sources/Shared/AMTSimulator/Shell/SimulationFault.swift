/// Why a simulation cannot start, in words for a person.
package struct SimulationFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
    /// A number of sysexits.h.
    package var exitCode: Int32

    package init(_ description: String, exitCode: Int32) {
        self.description = description
        self.exitCode = exitCode
    }
}
