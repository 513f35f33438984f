import DiskInspection
import Glibc

/// Takes any bytes as a disk and reads its partition tables, then as a boot entry of the firmware.
///
/// Whatever comes, no partition reaches out of the disk, and a disk with a table or a mark of one is never said to have none.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    _ = BootEntry(variable: bytes)
    guard let disk = disk(bytes), let findings = try? TableFindings.read(disk) else { return 0 }
    for partition in findings.partitions { precondition(partition.extent.upperBound <= disk.size) }
    let hasMark = bytes.count >= 1024 && bytes[512...].starts(with: Array("EFI PART".utf8))
    if case .absent = findings.answer, bytes.count >= 2048 { precondition(!hasMark && findings.tables.isEmpty) }
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
