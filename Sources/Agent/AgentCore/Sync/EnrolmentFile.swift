import FoundationEssentials
import Glibc
package import Vocabulary
package import Wire

/// Reads the file that ties this machine to its server.
///
/// - Throws: ``Failure/Code/enrolmentUnreadable`` when it is missing, open to others, or says nothing usable. The message
///   never holds what is in it.
package func readEnrolment(_ path: String) throws(Failure) -> Enrolment {
    let number = open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else {
        throw refused(
            "\(path) cannot be opened: \(String(cString: strerror(errno)))",
            "Make it at the server (namesake-server enrol) and put it there with mode 0600.")
    }
    let file = Descriptor(number)
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw refused("\(path) is no regular file", "Put the enrolment file itself there, with mode 0600.")
    }
    guard status.st_mode & 0o077 == 0 else {
        throw refused(
            "\(path) can be read or changed by others (mode \(String(status.st_mode & 0o777, radix: 8)))",
            "It holds a token: chmod 0600 \(path), and if others may have read it, make a new one at the server.")
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 else {
        throw refused("\(path) belongs to user \(status.st_uid)", "Make it belong to root: chown root \(path).")
    }
    guard status.st_size <= 1 << 20 else { throw refused("\(path) is longer than 1 MiB", "It is no enrolment file.") }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var length = 0
    while length < bytes.count {
        let count = bytes.withUnsafeMutableBytes {
            read(file.number, $0.baseAddress.map { $0 + length }, $0.count - length)
        }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw refused("\(path) cannot be read", "Check the disk.") }
        if count == 0 { break }
        length += count
    }
    return try enrolment(from: bytes[..<length], path: path)
}

private func enrolment(from bytes: ArraySlice<UInt8>, path: String) throws(Failure) -> Enrolment {
    let again = "Make a new one at the server: namesake-server enrol."
    let enrolment: Enrolment
    do { enrolment = try JSONDecoder().decode(Enrolment.self, from: Data(bytes)) } catch {
        throw refused("\(path) is no enrolment file", again)
    }
    guard enrolment.wireVersion == Wire.version else {
        throw refused(
            "\(path) is of version \(enrolment.wireVersion), this agent knows \(Wire.version)",
            "Update the agent, or make a new file at the server.")
    }
    let address = enrolment.server.dropFirst(8)
    guard enrolment.server.hasPrefix("https://"), !address.isEmpty,
        address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/?#@\\".utf8.contains($0) })
    else { throw refused("\(path) names no server of the form https://host:port", again) }
    guard enrolment.serverCA.contains("-----BEGIN CERTIFICATE-----") else {
        throw refused("\(path) has no certificate of the server's authority", again)
    }
    guard !enrolment.token.isEmpty, enrolment.token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        throw refused("\(path) has no usable token", again)
    }
    return enrolment
}

private func refused(_ message: String, _ hint: String) -> Failure {
    Failure(.enrolmentUnreadable, message, hint: hint)
}
