import Glibc

/// A device node seen at another path too, as at `/dev/mei0`, where programs look that cannot be told another.
///
/// Takes CAP_SYS_ADMIN over the mounts: root, or `unshare --user --map-root-user --mount`.
package struct BindMount: Sendable {
    package let path: String
    private let isOurs: Bool

    /// Makes the file at `path` where there is none, and takes away a dead mount that an earlier process left there.
    ///
    /// - Throws: ``NodeFault``.
    package init(_ node: String, at path: String) throws(NodeFault) {
        self.path = path
        if access(path, F_OK) != 0, [ENOTCONN, ECONNABORTED].contains(errno) { umount2(path, CInt(MNT_DETACH)) }
        var status = stat()
        isOurs = lstat(path, &status) != 0
        if !isOurs, status.st_mode & S_IFMT == S_IFDIR {
            throw NodeFault("\(path) is a folder; name the file at which the device is to be seen")
        }
        if isOurs {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw NodeFault("the file \(path)", errno: errno) }
            close(descriptor)
        }
        guard mount(node, path, nil, UInt(MS_BIND), nil) == 0 else {
            let number = errno
            if isOurs { unlink(path) }
            guard number == EPERM else { throw NodeFault("binding \(node) to \(path)", errno: number) }
            throw NodeFault(
                """
                binding \(node) to \(path) takes root, or mounts of your own: \
                unshare --user --map-root-user --mount
                """)
        }
    }

    /// Takes it away, and the file where there was none before.
    package func remove() {
        umount2(path, CInt(MNT_DETACH))
        if isOurs { unlink(path) }
    }
}
