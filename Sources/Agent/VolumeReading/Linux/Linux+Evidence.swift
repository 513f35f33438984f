import DiskInspection
import ExtFiles
import FoundationEssentials

/// Reads an ext volume: section 3.5 of the reference on prior installations.
func readLinux(
    _ descriptor: Int32, _ extent: Range<UInt64>, into contents: inout VolumeContents
) throws(UnreadableVolume) {
    do throws(ExtFault) {
        let volume = try ExtVolume(descriptor, at: extent.lowerBound, length: extent.upperBound - extent.lowerBound)
        let history = volume.history
        contents.isClean = !history.needsRecovery
        if history.needsRecovery {
            contents.found(
                .unreadableFacts, .unprovable, "the volume was not closed in order: its journal holds changes")
        }
        if history.mounted != nil || history.mounts > 0 || !history.mountPoint.isEmpty {
            let place = history.mountPoint.isEmpty ? "" : ", last at \(history.mountPoint)"
            contents.found(.mounted, .blocking, "the volume was mounted\(place)")
        }
        contents.wasUsed(history.mounted, history.mounted == nil ? nil : history.written)
        let files = try LinuxFiles(volume)
        contents.system = files.system
        contents.hostName = files.hostName
        contents.domain = files.realm
        contents.users = Array(files.people.prefix(100))
        contents.wasUsed(files.lastLogin)
        contents.marker = files.marker
        addEvidence(files, to: &contents)
    } catch { throw UnreadableVolume("\(error)") }
}

private func addEvidence(_ files: LinuxFiles, to contents: inout VolumeContents) {
    if let system = files.system { contents.found(.osRelease, .information, system) }
    switch files.machineID {
    case .given: contents.found(.machineID, .strong, "the system has a machine ID: it was installed or started")
    case .uninitialised: contents.found(.machineID, .information, "the system was not started yet")
    case .none: break
    }
    if !files.people.isEmpty { contents.found(.people, .blocking, "\(files.people.count) people") }
    if let realm = files.realm { contents.found(.people, .blocking, "joined to \(realm)") }
    if !files.started.isEmpty {
        contents.found(.started, .strong, "the system was started: \(files.started.joined(separator: ", "))")
    }
    if let marker = files.marker {
        contents.found(.ownMarker, .information, "built by Namesake, job \(marker.job ?? "unknown")")
    }
}

extension BuildMarker {
    /// From the file; without facts where it is damaged, because that there is one says something too.
    init(json: String) {
        do { self = try JSONDecoder().decode(BuildMarker.self, from: Data(json.utf8)) } catch {
            self.init(machine: nil, job: nil, time: nil)
        }
    }
}
