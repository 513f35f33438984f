import APFSFiles
import DiskInspection

/// Reads an APFS container for the names of its volumes: M1 of section 3.5 of the reference on prior installations.
func readApple(
    _ descriptor: Int32, _ extent: Range<UInt64>, into contents: inout VolumeContents
) throws(UnreadableVolume) {
    do throws(APFSFault) {
        let container = try APFSContainer { offset, count in read(descriptor, extent, offset, count) }
        for volume in try container.volumes() {
            contents.found(.appleVolume, .blocking, "APFS volume \"\(volume.name)\"")
            contents.wasUsed(volume.changed)
        }
    } catch { throw UnreadableVolume("\(error)") }
}
