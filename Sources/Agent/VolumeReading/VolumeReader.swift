package import DiskInspection

/// Reads the files of one volume and says what they tell about whose it is.
///
/// What cannot be read is evidence too: it lets nothing be proved.
///
/// - Parameters:
///   - descriptor: The disk, open for reading.
///   - type: libblkid's word, one of `VolumeContents.types`.
///   - extent: In bytes from the start of the disk.
///   - policy: What is not calibrated yet.
/// - Returns: What was found, as far as it could be read.
/// - Throws: ``UnreadableVolume`` where not even its folders can be read.
package func readVolume(
    _ descriptor: Int32, type: String, extent: Range<UInt64>, policy: FactoryPolicy = FactoryPolicy()
) throws(UnreadableVolume) -> VolumeContents {
    var contents = VolumeContents(type: type, offset: extent.lowerBound)
    switch type {
    case "ntfs": try readWindows(descriptor, extent, policy, into: &contents)
    case "ext2", "ext3", "ext4": try readLinux(descriptor, extent, into: &contents)
    case "vfat": try readBootFiles(descriptor, extent, into: &contents)
    case "apfs": try readApple(descriptor, extent, into: &contents)
    default: throw UnreadableVolume("no reader for a volume of the type \(type)")
    }
    return contents
}

/// The files of a volume cannot be read.
package struct UnreadableVolume: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}

/// What nobody has yet measured on vendors' machines, so that it is a switch.
package struct FactoryPolicy: Hashable, Sendable {
    /// A vendor's own steps after the image was made; a file that is newer says that somebody used it.
    package var hoursAfterSetup = 72
    /// Whether the vendor is known to deliver `IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE`, which a used machine can have too.
    package var trustsSpecialized = false

    /// How many programs beside Windows itself the vendor delivers.
    package var vendorPrograms = 0

    package init() {}
}
