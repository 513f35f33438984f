import Glibc
package import Vocabulary

/// Reads an enrolment on its way to its place.
///
/// - Parameter source: A path, or `-` for standard input. Its permissions are not looked at: it came over some way.
/// - Returns: What is there, up to a little more than 1 MiB.
/// - Throws: ``Failure/Code/enrolmentUnreadable``.
package func readEnrolmentBytes(_ source: String) throws(Failure) -> [UInt8] {
    let number = source == "-" ? dup(STDIN_FILENO) : open(source, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else {
        throw Failure(
            .enrolmentUnreadable, "\(source) cannot be opened: \(String(cString: strerror(errno)))",
            hint: "Give the file that namesake-server enrol has made.")
    }
    let file = Descriptor(number)
    var (bytes, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65_536))
    while bytes.count <= 1 << 20 {
        let count = read(file.number, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else {
            throw Failure(
                .enrolmentUnreadable, "\(source) cannot be read: \(String(cString: strerror(errno)))",
                hint: "Give the file that namesake-server enrol has made.")
        }
        if count == 0 { break }
        bytes += buffer.prefix(count)
    }
    return bytes
}

/// Puts an enrolment in its place, whole or not at all, mode 0600; makes the folder, mode 0755, where only it is missing.
///
/// - Throws: ``Failure/Code/enrolmentUnwritable``.
package func placeEnrolment(_ bytes: [UInt8], at path: String) throws(Failure) {
    func unwritable(_ errno: CInt) -> Failure {
        Failure(
            .enrolmentUnwritable, "\(path) cannot be written: \(String(cString: strerror(errno)))",
            hint: errno == EROFS ? "The file system is read-only: give another place with --enrolment." : "Run as root."
        )
    }
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    if !folder.isEmpty, mkdir(folder, 0o755) != 0, errno != EEXIST { throw unwritable(errno) }
    if let errno = replaceFile(path, with: bytes) { throw unwritable(errno) }
}
