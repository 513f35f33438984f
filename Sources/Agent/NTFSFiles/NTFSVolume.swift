import CLibFsntfs
import Glibc

/// An NTFS volume in a part of a disk, read without mounting it.
///
/// libfsntfs tells "not there" from "cannot tell", which is what a proof of absence rests on; see ``provesAbsence``.
package struct NTFSVolume: ~Copyable {
    private let volume: Handle
    private let source: Handle
    package let staleness: Set<Staleness>

    /// Why what stands on the volume is not all that Windows would show.
    package enum Staleness: String, CaseIterable, Sendable {
        /// Windows marked it to be checked.
        case markedDirty
        /// Changes stand only in the log.
        case openLog
        /// Windows keeps what it knows of it in memory, or was cut off: log version 2.0.
        case cachedByWindows
        /// A session is parked in `hiberfil.sys`.
        case hibernated
    }

    /// A file that is not found is not there.
    package var provesAbsence: Bool { staleness.isEmpty }

    /// - Parameters:
    ///   - descriptor: The disk, open for reading; the caller closes it, after the volume.
    ///   - offset: Where the volume begins, in bytes.
    ///   - length: In bytes.
    /// - Throws: ``NTFSFault``.
    package init(_ descriptor: Int32, at offset: UInt64, length: UInt64) throws(NTFSFault) {
        let (volume, source) = try Self.open(descriptor, at: offset, length: length)
        let staleness: Set<Staleness>
        do throws(NTFSFault) { staleness = try Self.staleness(of: volume) } catch {
            Self.close(volume, source)
            throw error
        }
        self.volume = volume
        self.source = source
        self.staleness = staleness
    }

    deinit { Self.close(volume, source) }

    private static func open(
        _ descriptor: Int32, at offset: UInt64, length: UInt64
    ) throws(NTFSFault) -> (volume: Handle, source: Handle) {
        var source: Handle? = cfsntfs_window(descriptor, offset, length)
        var volume: Handle?
        guard let opened = source else { throw NTFSFault("taking memory") }
        guard libfsntfs_volume_initialize(&volume, nil) == 1, let found = volume else {
            libbfio_handle_free(&source, nil)
            throw NTFSFault("taking memory")
        }
        // LIBFSNTFS_OPEN_READ is a cast that Swift does not see.
        guard libfsntfs_volume_open_file_io_handle(found, opened, 1, nil) == 1 else {
            libfsntfs_volume_free(&volume, nil)
            libbfio_handle_free(&source, nil)
            throw NTFSFault("opening the NTFS volume")
        }
        return (found, opened)
    }

    private static func close(_ volume: Handle, _ source: Handle) {
        var (volume, source): (Handle?, Handle?) = (volume, source)
        libfsntfs_volume_close(volume, nil)
        libfsntfs_volume_free(&volume, nil)
        libbfio_handle_free(&source, nil)
    }

    /// The file or folder at the path, `\` between names, whatever their case; nil where there is none.
    ///
    /// - Throws: ``NTFSFault`` where that cannot be told.
    package func entry(_ path: String) throws(NTFSFault) -> NTFSEntry? { try Self.entry(volume, path) }

    private static func entry(_ volume: Handle, _ path: String) throws(NTFSFault) -> NTFSEntry? {
        var entry: Handle?
        let text = Array(path.utf8)
        let outcome = libfsntfs_volume_get_file_entry_by_utf8_path(volume, text, text.count, &entry, nil)
        switch (outcome, entry) {
        case (0, _): return nil
        case (1, let entry?): return NTFSEntry(entry, path)
        default: throw NTFSFault("looking for \(path)")
        }
    }

    /// Of a record of the master file table, in bytes.
    func recordLength() throws(NTFSFault) -> Int {
        var length: UInt32 = 0
        guard libfsntfs_volume_get_mft_entry_size(volume, &length, nil) == 1, (512...65_536).contains(length),
            length.nonzeroBitCount == 1
        else { throw NTFSFault("finding how long a file's record is") }
        return Int(length)
    }

    /// The 16 bits at 10 of $Volume's information, the restart page of $LogFile, and the head of the hibernation file.
    ///
    /// Source: tuxera/ntfs-3g, include/ntfs-3g/logfile.h and libntfs-3g/volume.c.
    private static func staleness(of volume: Handle) throws(NTFSFault) -> Set<Staleness> {
        var found: Set<Staleness> = []
        guard let information = try entry(volume, "\\$Volume"), let log = try entry(volume, "\\$LogFile") else {
            throw NTFSFault("finding the volume's own files")
        }
        if try information.volumeFlags() & 1 != 0 { found.insert(.markedDirty) }
        let page = try log.read(at: 0, upTo: 4096)
        if page.starts(with: Array("RSTR".utf8)) {
            let (area, minor, major) = (halfWord(page, 24), halfWord(page, 26), halfWord(page, 28))
            if major == 2 && minor == 0 { found.insert(.cachedByWindows) }
            let inUse = halfWord(page, area + 12) != 0xFFFF
            if inUse && halfWord(page, area + 14) & 2 == 0 { found.insert(.openLog) }
        } else if !page.allSatisfy({ $0 == 0xFF }) {
            // A volume that was just made has a log of 0xFF; anything else is not understood.
            found.insert(.openLog)
        }
        if let parked = try entry(volume, "\\hiberfil.sys") {
            let magic = try parked.read(at: 0, upTo: 4)
            if magic == Array("hibr".utf8) || magic == Array("HIBR".utf8) { found.insert(.hibernated) }
        }
        return found
    }
}

/// 16 bits, little-endian; zero behind the end.
private func halfWord(_ bytes: [UInt8], _ offset: Int) -> Int {
    offset + 1 < bytes.count ? Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 : 0
}
