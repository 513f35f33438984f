import FoundationEssentials
import Glibc
package import Vocabulary

/// What `sync` leaves once the names of a built machine match, so that `inspect` tells a machine that was built here from a
/// stranger's.
///
/// `machine.json` in the state directory, mode 0600; it holds no secret.
package struct BuildMarkerFile: Hashable, Codable, Sendable {
    /// The machine's UUID of SMBIOS.
    package var machine: String
    /// The server's job that named the machine; nil where its names matched already.
    package var job: String?
    /// In seconds since 1970.
    package var time: Int

    package init(machine: MachineID, job: String?) {
        self.machine = machine.text
        self.job = job
        time = Glibc.time(nil)
    }

    /// - Throws: ``Failure/Code/stateDirectoryUnusable``.
    package func write(in directory: String) throws(Failure) {
        let bytes: [UInt8]
        do { bytes = Array(try JSONEncoder().encode(self)) } catch {
            throw Failure(.stateDirectoryUnusable, "the machine's marker cannot be written as JSON: \(error)")
        }
        if let errno = replaceFile(directory + "/machine.json", with: bytes) { throw unusable(directory, errno) }
    }
}
