import APFSFiles
import DiskInspection

/// Reads an APFS container for its volumes and for who uses them: M1 and M2 of section 3.5 of the reference on prior installations.
func readApple(
    _ descriptor: Int32, _ extent: Range<UInt64>, into contents: inout VolumeContents
) throws(UnreadableVolume) {
    do throws(APFSFault) {
        let container = try APFSContainer { offset, count in read(descriptor, extent, offset, count) }
        for volume in try container.volumes() {
            let note = volume.isEncrypted ? ", encrypted" : ""
            contents.found(.appleVolume, .blocking, "APFS volume \"\(volume.name)\"\(note)")
            contents.wasUsed(volume.changed)
            guard !volume.isEncrypted else { continue }
            // What the first start's assistant leaves behind.
            if try container.names(in: ["private", "var", "db"], of: volume)?.contains(".AppleSetupDone") == true {
                contents.found(.macOSSetUp, .information, "macOS was set up on \"\(volume.name)\"")
                contents.system = "macOS"
            }
            let people = try container.names(in: ["Users"], of: volume) ?? []
            contents.users += people.filter { !$0.hasPrefix(".") && !["Shared", "Guest"].contains($0) }
        }
        contents.users.removeSubrange(min(100, contents.users.count)...)
    } catch { throw UnreadableVolume("\(error)") }
}
