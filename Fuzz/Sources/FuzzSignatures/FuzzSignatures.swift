import DiskInspection
import Glibc

/// Takes any bytes as a disk and reads its whole surface.
///
/// Whatever comes, a surface that is not one constant of 0x00 or 0xFF is never said to hold nothing.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard count > 0, let disk = disk(bytes) else { return 0 }
    var reader = SurfaceReader(excused: [])
    let tally = reader.read([0..<disk.size], of: disk)
    precondition(tally.read == disk.size && tally.planned == disk.size)
    for hit in tally.hits { precondition(hit.offset + 512 <= disk.size) }
    let isErased = bytes.allSatisfy { $0 == 0 } || bytes.allSatisfy { $0 == 0xFF }
    if case .absent = tally.answer(partitions: [], isSampling: true) {
        precondition(isErased)
    } else {
        precondition(!isErased)
    }
    return 0
}

/// A file of the process's own, open for reading and writing, whose content each run replaces.
private let file: Int32 = {
    var name = Array("/tmp/namesake-fuzz-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    precondition(descriptor >= 0)
    unlink(name)
    return descriptor
}()

private func disk(_ bytes: [UInt8]) -> Disk? {
    precondition(ftruncate(file, 0) == 0 && pwrite(file, bytes, bytes.count, 0) == bytes.count)
    return try? Disk(taking: dup(file))
}
