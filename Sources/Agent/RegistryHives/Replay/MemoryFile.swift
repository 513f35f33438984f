import CLibHivex
import Glibc

/// A file in memory, which in the end is sealed: nothing can change it any more.
///
/// It is written through a mapping, so that the kernel counts it to this process from its first byte on.
final class MemoryFile {
    let descriptor: Int32
    /// In bytes.
    private(set) var size = 0
    private var mapped: UnsafeMutableRawBufferPointer?

    /// One of zeros.
    init(size: Int) throws(HiveFault) {
        descriptor = chivex_memory_file()
        guard descriptor >= 0 else { throw .noMemory(errno) }
        try grow(to: size)
    }

    deinit {
        unmap()
        if descriptor >= 0 { close(descriptor) }
    }

    private func unmap() {
        if let mapped { munmap(mapped.baseAddress, mapped.count) }
        mapped = nil
    }

    /// What is new is zeros.
    func grow(to size: Int) throws(HiveFault) {
        guard size > self.size else { return }
        // A confined reader may neither truncate nor write at an offset.
        guard lseek(descriptor, off_t(size - 1), SEEK_SET) >= 0 else { throw .noMemory(errno) }
        var (end, outcome): (UInt8, Int) = (0, -1)
        repeat { outcome = Glibc.write(descriptor, &end, 1) } while outcome < 0 && errno == EINTR
        guard outcome == 1 else { throw .noMemory(errno) }
        unmap()
        let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let start, start != MAP_FAILED else { throw .noMemory(errno) }
        mapped = UnsafeMutableRawBufferPointer(start: start, count: size)
        self.size = size
    }

    /// Writes all of it, within the size.
    func write(_ bytes: some Collection<UInt8>, at offset: Int) throws(HiveFault) {
        guard let mapped, offset >= 0, offset <= size, bytes.count <= size - offset else { throw .noMemory(EFBIG) }
        UnsafeMutableRawBufferPointer(rebasing: mapped[offset..<offset + bytes.count]).copyBytes(from: bytes)
    }

    /// What is there, up to so many bytes.
    func read(at offset: Int, upTo count: Int) throws(HiveFault) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(min(count, size - offset), 0))
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .noMemory(errno) }
            done += count
        }
        return bytes
    }

    /// Nothing can be written afterwards.
    func seal() throws(HiveFault) {
        unmap()
        guard chivex_seal(descriptor) == 0 else { throw .noMemory(errno) }
    }
}
