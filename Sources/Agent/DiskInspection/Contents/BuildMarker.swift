/// What `sync` leaves in a system that was built by Namesake, so that a machine that is built again is told apart from a
/// stranger's data.
///
/// It is no secret and no proof: whoever is root there can write it.
package struct BuildMarker: Hashable, Codable, Sendable {
    /// The machine's UUID of SMBIOS, in small letters.
    package var machine: String?
    package var job: String?
    /// In seconds since 1970.
    package var time: Int?

    package static let path = "/var/lib/namesake/machine.json"

    package init(machine: String?, job: String?, time: Int?) {
        (self.machine, self.job, self.time) = (machine, job, time)
    }
}
