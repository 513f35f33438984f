import Glibc

/// A way to the simulated firmware that is open until it is stopped.
package protocol SimulatedNode: Sendable {
    /// Where the agent finds it.
    var path: String { get }
    func stop()
    /// The ME resets: every open connection is dead until it is opened again.
    func vanish()
    /// Sends a message that no request asked for; it is lost where the connection is gone.
    func push(_ message: [UInt8], to connection: MEIConnection)
    /// Ends one connection as a reset would, and no other.
    func disconnect(_ connection: MEIConnection)
}

/// Why a node could not be made.
package struct NodeFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    init(_ what: String, errno number: CInt) {
        description = "\(what): \(String(cString: strerror(number)))\(Self.remedy(number))"
    }

    init(_ what: String) { description = what }

    private static func remedy(_ number: CInt) -> String {
        switch number {
        case EACCES, EPERM:
            """
            ; this user may not do that. Run as root, or where /dev/fuse is open to everybody and fusermount3 installed, or \
            use a socket instead of a device node
            """
        case ENOENT: "; create it, or where /dev/fuse or fusermount3 is missing use a socket instead of a device node"
        default: ""
        }
    }
}
