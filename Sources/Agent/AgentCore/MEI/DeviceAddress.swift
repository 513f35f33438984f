/// Where the host interface is.
package enum DeviceAddress: Hashable, Sendable {
    /// The first of `/dev/mei0` to `/dev/mei3` that offers the host interface.
    ///
    /// The number says nothing: a graphics card's controller may come first (rpc-go, pull requests 1504 and 1505).
    case probe
    /// A character device.
    case node(String)
    /// A SOCK_SEQPACKET socket that speaks as the device would, for where no device node can be made.
    case socket(String)

    /// Reads the value of `--device`: a path, or `unix:` and a path.
    ///
    /// - Returns: `nil` when the path is empty.
    package init?(argument: String) {
        let path = argument.hasPrefix("unix:") ? String(argument.dropFirst(5)) : argument
        guard !path.isEmpty, !path.utf8.contains(0) else { return nil }
        self = argument.hasPrefix("unix:") ? .socket(path) : .node(path)
    }

    /// The places to try, in order.
    ///
    /// - Parameter system: Where the kernel tells of its devices, and where their nodes are.
    /// - Returns: Itself alone, unless it has to be sought.
    func candidates(_ system: MEISystem) -> [DeviceAddress] {
        guard self == .probe else { return [self] }
        return system.nodes.map { .node($0) }
    }
}

extension DeviceAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .probe: "/dev/mei0 to /dev/mei3, nor /dev/mei"
        case .node(let path): path
        case .socket(let path): "unix:\(path)"
        }
    }
}
