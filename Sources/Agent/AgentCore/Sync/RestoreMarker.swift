import Glibc
package import Vocabulary

/// A file that is there while the firmware may hold a name that is not this machine's.
///
/// It is written before such a name is, and removed after the true one is back, so that the next run finds out what a
/// crash or a power cut left behind.
package struct RestoreMarker: Hashable, Sendable {
    private let directory: String
    private var path: String { directory + "/host-name-restore-due" }

    /// - Parameters:
    ///   - directory: Where it is kept.
    ///   - create: Whether to make the directory, mode 0700, when it is missing; its parent must exist.
    /// - Throws: ``Failure/Code/stateDirectoryUnusable``.
    package init(directory: String, create: Bool) throws(Failure) {
        self.directory = directory
        if create, mkdir(directory, 0o700) != 0, errno != EEXIST { throw unusable(directory, errno) }
        guard access(directory, W_OK | X_OK) == 0 else { throw unusable(directory, errno) }
    }

    package var isDue: Bool { access(path, F_OK) == 0 }

    /// Whether an earlier run left one, also where this user may not write.
    package static func isDue(in directory: String) -> Bool { access(directory + "/host-name-restore-due", F_OK) == 0 }

    /// Puts the marker on the disk, for good.
    package func set() throws(Failure) {
        let number = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw unusable(directory, errno) }
        let file = Descriptor(number)
        guard fsync(file.number) == 0 else { throw unusable(directory, errno) }
        try settle()
    }

    package func clear() throws(Failure) {
        guard unlink(path) == 0 || errno == ENOENT else { throw unusable(directory, errno) }
        try settle()
    }

    /// The directory's entry has to reach the disk too.
    private func settle() throws(Failure) {
        let number = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw unusable(directory, errno) }
        let folder = Descriptor(number)
        guard fsync(folder.number) == 0 else { throw unusable(directory, errno) }
    }
}
