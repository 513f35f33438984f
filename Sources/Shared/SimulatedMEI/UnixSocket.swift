import Glibc

/// SOCK_SEQPACKET sockets by path.
enum UnixSocket {
    /// - Throws: ``NodeFault``.
    static func listen(at path: String) throws(NodeFault) -> CInt {
        let count = path.utf8.count
        guard count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else {
            throw NodeFault("the socket's path has \(count) bytes, more than a Unix socket takes: \(path)")
        }
        try clear(path)
        let descriptor = try open()
        // The mode is set before anybody can connect.
        guard call(bind, descriptor, path) == 0, chmod(path, 0o600) == 0, Glibc.listen(descriptor, 16) == 0 else {
            let number = errno
            close(descriptor)
            throw NodeFault("listen on \(path)", errno: number)
        }
        return descriptor
    }

    /// Removes a socket that nobody listens on.
    private static func clear(_ path: String) throws(NodeFault) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw NodeFault("\(path) is not a socket, so it is left alone; give a path where nothing is")
        }
        let descriptor = try open()
        defer { close(descriptor) }
        guard call(connect, descriptor, path) != 0, errno == ECONNREFUSED else {
            throw NodeFault("somebody listens on \(path) already; stop that program or give another path")
        }
        guard unlink(path) == 0 else { throw NodeFault("remove the old socket \(path)", errno: errno) }
    }

    private static func open() throws(NodeFault) -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw NodeFault("socket", errno: errno) }
        return descriptor
    }

    private static func call(
        _ function: (CInt, UnsafePointer<sockaddr>?, socklen_t) -> CInt, _ descriptor: CInt, _ path: String
    ) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
