import Glibc

/// A disk, or an image of one in a file, open for reading only.
package struct Disk: ~Copyable, Sendable {
    package let descriptor: Int32
    /// In bytes.
    package let size: UInt64

    /// Opens what is at the path.
    ///
    /// - Throws: ``DiskFault`` where it cannot be opened, or is neither a block device nor a file.
    package init(_ path: String) throws(DiskFault) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw DiskFault(.opening, errno) }
        let size: UInt64
        do throws(DiskFault) { size = try Self.size(of: descriptor) } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.size = size
    }

    /// Takes a descriptor that somebody else has opened, and closes it in the end.
    package init(taking descriptor: Int32) throws(DiskFault) {
        let size = try Self.size(of: descriptor)
        self.descriptor = descriptor
        self.size = size
    }

    deinit { close(descriptor) }

    private static func size(of descriptor: Int32) throws(DiskFault) -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DiskFault(.opening, errno) }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFBLK else { throw DiskFault(.opening, ENOTBLK) }
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw DiskFault(.opening, errno) }
        return UInt64(end)
    }

    /// Has what memory holds of a block device read from the drive again.
    package func forgetWhatIsCached() {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFBLK else { return }
        // Advice: where it is not taken, memory is what the kernel has, and all that it would give.
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    }

    /// Fills the buffer from the place on, up to the end of the disk.
    ///
    /// - Throws: ``DiskFault`` unless all that was asked for was read.
    package func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DiskFault) {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw DiskFault(.reading(offset + UInt64(done)), errno) }
            // A disk that ends before its size: what is behind was not seen.
            guard count > 0 else { throw DiskFault(.reading(offset + UInt64(done)), ENODATA) }
            done += count
        }
    }

    package func bytes(at offset: UInt64, count: Int) throws(DiskFault) -> [UInt8] {
        guard offset <= size, UInt64(count) <= size - offset else { throw DiskFault(.reading(offset), ENODATA) }
        var bytes = [UInt8](repeating: 0, count: count)
        var fault: DiskFault?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(DiskFault) { try read(at: offset, into: buffer) } catch { fault = error }
        }
        if let fault { throw fault }
        return bytes
    }
}

/// A disk could not be opened or read.
package struct DiskFault: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Act: Hashable, Sendable {
        case opening
        /// The node of its name is another device's.
        case recognising
        /// At so many bytes from its start.
        case reading(UInt64)
    }
    package var act: Act
    /// The system's errno.
    package var number: Int32

    package init(_ act: Act, _ number: Int32) {
        self.act = act
        self.number = number
    }

    package var description: String {
        let why = strerror(number).map { String(cString: $0) } ?? "error \(number)"
        return switch act {
        case .opening: "cannot be opened: \(why)"
        case .recognising: "is another device than the one that the kernel calls so"
        case .reading(let offset): "cannot be read at byte \(offset): \(why)"
        }
    }
}
