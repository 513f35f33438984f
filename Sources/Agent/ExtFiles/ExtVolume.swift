import CLibExt2fs
import Glibc

/// An ext2, ext3 or ext4 volume in a part of a disk, read without mounting it.
package struct ExtVolume: ~Copyable {
    private let volume: ext2_filsys
    package let history: History

    /// What the superblock says of the volume's life: offsets of section 1.7 of the reference on prior installations.
    package struct History: Hashable, Sendable {
        /// Changes stand only in the journal, so that what is not found may be there.
        package var needsRecovery: Bool
        /// How often it was mounted since it was last checked.
        package var mounts: UInt16
        /// Seconds since 1970; nil where it never was.
        package var mounted: Int?
        /// Seconds since 1970.
        package var written: Int?
        /// Where it was mounted last; empty where it never was.
        package var mountPoint: String
    }

    /// - Parameters:
    ///   - descriptor: The disk, open for reading; the caller closes it, after the volume.
    ///   - offset: Where the volume begins, in bytes.
    ///   - length: In bytes.
    /// - Throws: ``ExtFault``.
    package init(_ descriptor: Int32, at offset: UInt64, length: UInt64) throws(ExtFault) {
        var volume: ext2_filsys?
        guard cext_volume(descriptor, offset, length, &volume) == 0, let volume else {
            throw ExtFault("opening the ext volume")
        }
        self.volume = volume
        history = Self.history(UnsafeRawBufferPointer(start: cext_superblock(volume), count: 1024))
    }

    deinit {
        var volume: ext2_filsys? = volume
        ext2fs_close_free(&volume)
    }

    private static func history(_ superblock: UnsafeRawBufferPointer) -> History {
        func word(_ offset: Int) -> Int { Int(superblock.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
        let place = superblock[0x88..<0x88 + 64].prefix { $0 != 0 }
        return History(
            needsRecovery: word(0x60) & 4 != 0,
            mounts: superblock.loadUnaligned(fromByteOffset: 0x34, as: UInt16.self),
            mounted: word(0x2C) == 0 ? nil : word(0x2C), written: word(0x30) == 0 ? nil : word(0x30),
            mountPoint: String(decoding: place, as: UTF8.self))
    }

    /// The number of what is at the path, links followed; nil where there is nothing.
    private func inode(_ path: String) throws(ExtFault) -> UInt32? {
        var inode: UInt32 = 0
        switch cext_find(volume, path, &inode) {
        case 0: return nil
        case 1: return inode
        default: throw ExtFault("looking for \(path)")
        }
    }

    package func exists(_ path: String) throws(ExtFault) -> Bool { try inode(path) != nil }

    /// The names in a folder, without `.` and `..`; none where there is no such folder.
    package func names(_ path: String) throws(ExtFault) -> [String] {
        guard let inode = try inode(path), cext_mode(volume, inode) & S_IFMT == S_IFDIR else { return [] }
        var bytes = [CChar](repeating: 0, count: 1 << 20)
        let count = cext_names(volume, inode, &bytes, bytes.count)
        guard count >= 0 else { throw ExtFault("listing \(path)") }
        return bytes.prefix(Int(count)).split(separator: 0).map { name in
            String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }.filter { $0 != "." && $0 != ".." }
    }

    /// The last bytes of a file, at most so many; nil where there is no such file.
    package func tail(_ path: String, limit: UInt32) throws(ExtFault) -> [UInt8]? {
        guard let inode = try inode(path), cext_mode(volume, inode) & S_IFMT == S_IFREG else { return nil }
        let size = cext_size(volume, inode)
        guard size >= 0 else { throw ExtFault("reading the size of \(path)") }
        let wanted = UInt32(min(size, Int64(limit)))
        var bytes = [UInt8](repeating: 0, count: Int(wanted))
        guard cext_content(volume, inode, UInt64(size) - UInt64(wanted), &bytes, wanted) == Int64(wanted) else {
            throw ExtFault("reading \(path)")
        }
        return bytes
    }

    /// A short file's text; nil where there is none, or it has more than 64 KiB.
    package func text(_ path: String) throws(ExtFault) -> String? {
        guard let bytes = try tail(path, limit: 65_537), bytes.count <= 65_536 else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
