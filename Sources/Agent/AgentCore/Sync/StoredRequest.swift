import FoundationEssentials
import Glibc
package import Vocabulary

/// What `sync` was asked to do, kept on the disk until it has a definite end.
///
/// It is written before the server is first asked, so that a power cut loses nothing, and read by `sync --resume`. It
/// holds no secret: the enrolment is named, not copied.
package struct StoredRequest: Hashable, Codable, Sendable {
    package var version = 1
    /// Whose request it is: an image of this disk on another machine asks for nothing.
    package var machine: MachineID
    package var enrolment: String
    /// The name that a person gave; without one it is found anew.
    package var name: String?
    package var nameRules: [String]
    package var device: String?
    package var startConfiguration: Bool

    package init(
        machine: MachineID, enrolment: String, name: String?, nameRules: [String], device: String?,
        startConfiguration: Bool
    ) {
        self.machine = machine
        self.enrolment = enrolment
        self.name = name
        self.nameRules = nameRules
        self.device = device
        self.startConfiguration = startConfiguration
    }

    private static func path(_ directory: String) -> String { directory + "/sync-request.json" }

    /// Reads what an earlier run left.
    ///
    /// - Returns: `nil` when nothing was left.
    /// - Throws: ``Failure/Code/stateDirectoryUnusable`` when it cannot be read, or others could have written it.
    package static func read(in directory: String) throws(Failure) -> StoredRequest? {
        let path = path(directory)
        let bytes: [UInt8]
        do throws(FileRefusal) {
            bytes = try readTrustedFile(path, forbidden: 0o077, because: "Nobody else may ask in this machine's name")
        } catch {
            if error.isMissing { return nil }
            throw Failure(.stateDirectoryUnusable, error.message, hint: error.hint)
        }
        do { return try JSONDecoder().decode(StoredRequest.self, from: Data(bytes)) } catch {
            throw Failure(
                .stateDirectoryUnusable, "\(path) holds no request that this version can read",
                hint: "Remove it (rm \(path)) and run namesake-agent sync.")
        }
    }

    /// Puts it on the disk, whole or not at all, with mode 0600.
    ///
    /// - Throws: ``Failure/Code/stateDirectoryUnusable``.
    package func write(in directory: String) throws(Failure) {
        let bytes: [UInt8]
        do { bytes = Array(try JSONEncoder().encode(self)) } catch {
            throw Failure(.stateDirectoryUnusable, "the request cannot be written as JSON: \(error)")
        }
        if let errno = replaceFile(Self.path(directory), with: bytes) { throw unusable(directory, errno) }
    }

    package static func remove(in directory: String) throws(Failure) {
        guard unlink(path(directory)) == 0 || errno == ENOENT else { throw unusable(directory, errno) }
    }
}

func unusable(_ directory: String, _ errno: CInt) -> Failure {
    Failure(
        .stateDirectoryUnusable, "\(directory) cannot be used: \(String(cString: strerror(errno)))",
        hint: "Give a directory that this user may write to with --state-directory.")
}
