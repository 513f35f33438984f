import Glibc

/// Why a file that the agent obeys was not taken: what is wrong, and what to do.
struct FileRefusal: Error {
    var message: String
    var hint: String
    /// There is no such file.
    var isMissing = false
}

/// Reads a file that decides what the agent does, so that nobody but root and this user may have written it.
///
/// - Parameters:
///   - path: The file; a folder, device or pipe is refused.
///   - forbidden: Permissions that it may not have.
///   - reason: What the file holds, for the hint.
/// - Returns: Its bytes, at most 1 MiB.
/// - Throws: ``FileRefusal``.
func readTrustedFile(_ path: String, forbidden: mode_t, because reason: String) throws(FileRefusal) -> [UInt8] {
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else {
        throw FileRefusal(
            message: "\(path) cannot be opened: \(String(cString: strerror(errno)))",
            hint: "Put it there, readable for this user.", isMissing: errno == ENOENT || errno == ENOTDIR)
    }
    let file = Descriptor(number)
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw FileRefusal(message: "\(path) is no regular file", hint: "Put the file itself there.")
    }
    guard status.st_mode & forbidden == 0 else {
        let mode = String(status.st_mode & 0o777 & ~forbidden, radix: 8)
        throw FileRefusal(
            message: "\(path) can be read or changed by others (mode \(String(status.st_mode & 0o777, radix: 8)))",
            hint: "\(reason): chmod 0\(mode) \(path).")
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 else {
        throw FileRefusal(
            message: "\(path) belongs to user \(status.st_uid)", hint: "Make it belong to root: chown root \(path).")
    }
    guard status.st_size <= 1 << 20 else {
        throw FileRefusal(message: "\(path) is longer than 1 MiB", hint: "It is not the file that belongs there.")
    }
    var (bytes, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65_536))
    while bytes.count <= 1 << 20 {
        let count = read(file.number, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else {
            throw FileRefusal(
                message: "\(path) cannot be read: \(String(cString: strerror(errno)))", hint: "Check the disk.")
        }
        if count == 0 { break }
        bytes += buffer.prefix(count)
    }
    return bytes
}

/// Puts a file on the disk, whole or not at all, mode 0600, in place of what is there.
///
/// - Returns: The error number; `nil` when it is done.
func replaceFile(_ path: String, with bytes: [UInt8]) -> CInt? {
    let fresh = path + ".new"
    guard unlink(fresh) == 0 || errno == ENOENT else { return errno }
    let number = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard number >= 0 else { return errno }
    let file = Descriptor(number)
    guard write(file.number, bytes, bytes.count) == bytes.count, fsync(file.number) == 0, rename(fresh, path) == 0
    else { return errno }
    return nil
}
