import Certificates
import Foundation
import Provisioning
import Vocabulary

/// Where the master keys are: a systemd credential when the service was given one, else a file of the server's folder.
struct MasterKeyFile {
    let path: String

    /// The name under which systemd hands it over: `LoadCredential=namesake-master-key:/etc/namesake/master.key`.
    static let credential = "namesake-master-key"

    /// - Parameters:
    ///   - folder: The server's.
    ///   - named: A file that the operator names in the stead of both.
    init(_ folder: ServerFolder, named: String? = nil) {
        let handed = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"].map { "\($0)/\(Self.credential)" }
        if let named {
            path = named
        } else if let handed, FileManager.default.fileExists(atPath: handed) {
            path = handed
        } else {
            path = folder.masterKey
        }
    }

    /// - Throws: ``Failure`` with ``Failure/Code/vaultKeyWrong`` when it is missing, open to others or no key.
    func read() throws(Failure) -> KeyRing {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure(
                .vaultKeyWrong, "cannot read the master key \(path): \(String(cString: strerror(errno)))",
                hint: "Nothing was changed. Put the file back from its own backup; what it has sealed opens with "
                    + "nothing else. A systemd credential is named \(Self.credential).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o007 == 0 else {
            throw Failure(
                .vaultKeyWrong, "others may read the master key \(path)", hint: "chmod 600 \(path)")
        }
        var bytes = [UInt8](repeating: 0, count: 32 * KeyRing.limit + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        let filed = Secret(Array(bytes.prefix(max(0, count))))
        bytes.withUnsafeMutableBytes { if let start = $0.baseAddress { explicit_bzero(start, $0.count) } }
        return try KeyRing(filed: filed)
    }

    func write(_ ring: KeyRing) throws(Failure) {
        try ring.filed.reveal { (bytes: [UInt8]) throws(Failure) in
            do throws(Failure) { try replaceFile(path, bytes) } catch {
                throw Failure(
                    .vaultKeyWrong, "the master key file cannot be written: \(error.message)",
                    hint: "Nothing was changed. Make room for it; a systemd credential is written where its unit takes "
                        + "it from: name that file with --key-file.")
            }
        }
    }
}

/// Sees to it that this process leaves no core file with a key in it, whatever the limits it was started with.
func forbidCoreFiles() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    // A collector that the kernel pipes cores to is not bound by the limit; it then gets no page of memory.
    let filter = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC)
    if filter >= 0 {
        _ = Glibc.write(filter, "0", 1)
        close(filter)
    }
}
