import AgentCore
import DiskInspection
import Glibc

/// A person's decision to have a disk written over although it is not proved blank.
struct Override: Hashable {
    var serial: String
    var reason: String

    /// Whose session this is, as the kernel keeps it through `sudo` (`/proc/self/loginuid`), and by whose number it runs.
    var person: String {
        let descriptor = open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "user \(getuid())" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = read(descriptor, &bytes, bytes.count)
        let number = UInt32(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self))
        // All ones: nobody has logged in, as in a system that was booted to build.
        guard let number, number != .max else { return "user \(getuid())" }
        return "user \(getuid()), logged in as \(number)"
    }

    /// Writes it into the system's log, if there is one; the file of evidence holds it in any case.
    func log(_ disk: InspectedDisk) {
        let why = disk.report.ruling.reasons.first ?? ""
        let line =
            "namesake-agent inspect: \(person) overrides \(disk.report.ruling.verdict.word) of the disk with serial "
            + "\(printable(serial)), reason: \(printable(reason)); found: \(printable(why))"
        line.withCString { text in withVaList([text]) { vsyslog(LOG_AUTHPRIV | LOG_NOTICE, "%s", $0) } }
        complain(line)
    }
}
