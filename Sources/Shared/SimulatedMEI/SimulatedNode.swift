import Glibc

/// A way to the simulated firmware that is open until it is stopped.
package protocol SimulatedNode: Sendable {
    /// Where the agent finds it.
    var path: String { get }
    func stop()
    /// The ME resets: every open connection is dead until it is opened again.
    func vanish()
}

/// Why a node could not be made.
package struct NodeFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    init(_ what: String, errno number: CInt) {
        description = "\(what): \(String(cString: strerror(number)))"
    }

    init(_ what: String) { description = what }
}
