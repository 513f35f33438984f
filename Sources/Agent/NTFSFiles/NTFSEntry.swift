import CLibFsntfs
import Glibc

/// A file or a folder of an NTFS volume; of no use once the volume is closed.
package struct NTFSEntry: ~Copyable {
    private let entry: Handle
    private let path: String

    init(_ entry: Handle, _ path: String) {
        self.entry = entry
        self.path = path
    }

    deinit {
        var entry: Handle? = entry
        libfsntfs_file_entry_free(&entry, nil)
    }

    package var isFolder: Bool { libfsntfs_file_entry_has_directory_entries_index(entry, nil) == 1 }

    /// When its content was last changed, as FILETIME.
    package func changed() throws(NTFSFault) -> UInt64 {
        var time: UInt64 = 0
        guard libfsntfs_file_entry_get_modification_time(entry, &time, nil) == 1 else {
            throw NTFSFault("reading the time of \(path)")
        }
        return time
    }

    /// In bytes.
    package func size() throws(NTFSFault) -> UInt64 {
        var size: UInt64 = 0
        guard libfsntfs_file_entry_get_size(entry, &size, nil) == 1 else {
            throw NTFSFault("reading the size of \(path)")
        }
        return size
    }

    /// The whole content.
    ///
    /// - Throws: ``NTFSFault`` where it is longer than the limit in bytes, or not all of it can be read.
    package func content(limit: UInt64) throws(NTFSFault) -> [UInt8] {
        let size = try size()
        guard size <= limit else { throw .tooLong(path, size: size, limit: limit) }
        let bytes = try read(at: 0, upTo: Int(size))
        guard bytes.count == Int(size) else { throw NTFSFault("reading all of \(path)") }
        return bytes
    }

    /// What is there, up to so many bytes.
    package func read(at offset: UInt64, upTo count: Int) throws(NTFSFault) -> [UInt8] {
        let size = try size()
        guard offset < size else { return [] }
        let wanted = Int(min(UInt64(count), size - offset))
        var bytes = [UInt8](repeating: 0, count: wanted)
        var done = 0
        while done < wanted {
            let got = bytes.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                return libfsntfs_file_entry_read_buffer_at_offset(
                    entry, rest.baseAddress, rest.count, off64_t(offset) + off64_t(done), nil)
            }
            guard got > 0 else { throw NTFSFault("reading \(path)") }
            done += got
        }
        return bytes
    }

    /// The names in a folder.
    ///
    /// - Throws: ``NTFSFault`` where not all of them can be read.
    package func names() throws(NTFSFault) -> [String] {
        var count: Int32 = 0
        guard libfsntfs_file_entry_get_number_of_sub_file_entries(entry, &count, nil) == 1 else {
            throw NTFSFault("listing \(path)")
        }
        var names: [String] = []
        for index in 0..<max(count, 0) {
            var below: Handle?
            guard libfsntfs_file_entry_get_sub_file_entry_by_index(entry, index, &below, nil) == 1, let below else {
                throw NTFSFault("listing \(path)")
            }
            names.append(try NTFSEntry(below, path).name())
        }
        return names
    }

    private func name() throws(NTFSFault) -> String {
        var size = 0
        guard libfsntfs_file_entry_get_utf8_name_size(entry, &size, nil) == 1, size > 0 else {
            throw NTFSFault("reading a name in \(path)")
        }
        var text = [UInt8](repeating: 0, count: size)
        guard libfsntfs_file_entry_get_utf8_name(entry, &text, size, nil) == 1 else {
            throw NTFSFault("reading a name in \(path)")
        }
        return String(decoding: text.dropLast(), as: UTF8.self)
    }

    /// The flags of `$Volume`, whose information is the attribute 0x70.
    func volumeFlags() throws(NTFSFault) -> UInt16 {
        var count: Int32 = 0
        guard libfsntfs_file_entry_get_number_of_attributes(entry, &count, nil) == 1 else {
            throw NTFSFault("reading the volume's state")
        }
        for index in 0..<max(count, 0) {
            var attribute: Handle?
            guard libfsntfs_file_entry_get_attribute_by_index(entry, index, &attribute, nil) == 1,
                let found = attribute
            else { throw NTFSFault("reading the volume's state") }
            defer { libfsntfs_attribute_free(&attribute, nil) }
            var (kind, flags): (UInt32, UInt16) = (0, 0)
            guard libfsntfs_attribute_get_type(found, &kind, nil) == 1 else {
                throw NTFSFault("reading the volume's state")
            }
            guard kind == 0x70 else { continue }
            guard libfsntfs_volume_information_attribute_get_flags(found, &flags, nil) == 1 else {
                throw NTFSFault("reading the volume's state")
            }
            return flags
        }
        throw NTFSFault("finding the volume's state")
    }
}
