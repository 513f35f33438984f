import Glibc
package import Vocabulary

/// Writes a file that was not there, mode 0600.
///
/// - Throws: ``Failure/Code/recordingUnwritable``; a file that is there stays as it is.
package func writeNewFile(_ text: String, to path: String) throws(Failure) {
    func unwritable(_ errno: CInt) -> Failure {
        Failure(
            .recordingUnwritable, "\(path) cannot be written: \(String(cString: strerror(errno)))",
            hint: errno == EEXIST ? "Remove it, or give another name." : "Give a file where this user may write.")
    }
    let number = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard number >= 0 else { throw unwritable(errno) }
    let file = Descriptor(number)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(file.number, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw unwritable(errno) }
        rest = rest.dropFirst(count)
    }
}
