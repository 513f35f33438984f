import Glibc

/// A socket that listens, or takes datagrams, on every address of the interface `lo`, and of that one only.
enum LoopbackListener {
    /// Opens one.
    ///
    /// - Returns: The descriptor, or `nil` where this user may not have the port.
    /// - Throws: ``SimulationFault`` for every other reason.
    static func open(port: Int, takesDatagrams: Bool = false) throws(SimulationFault) -> CInt? {
        let type = takesDatagrams ? SOCK_DGRAM : SOCK_STREAM
        let descriptor = socket(AF_INET, CInt(type.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw fault("no socket for port \(port)", errno, "") }
        var yes: CInt = 1
        // Two fleets with one port would both be told the datagrams: there the port is to be refused.
        if !takesDatagrams {
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        }
        let isBound = "lo".withCString { setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, $0, 3) } == 0
        guard isBound else {
            let number = errno
            close(descriptor)
            throw fault(
                "port \(port) cannot be bound to the interface lo", number,
                ": Linux before 5.7 wants CAP_NET_RAW for that")
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0, takesDatagrams || listen(descriptor, 4096) == 0 else {
            let number = errno
            close(descriptor)
            if number == EACCES { return nil }
            throw fault(
                "port \(port) cannot be had on the interface lo", number,
                ". A fleet takes it on all of 127.0.0.0/8: end the simulators that listen there, or give --port-offset")
        }
        return descriptor
    }

    private static func fault(_ what: String, _ number: CInt, _ remedy: String) -> SimulationFault {
        SimulationFault("\(what): \(String(cString: strerror(number)))\(remedy).", exitCode: 69)
    }
}
