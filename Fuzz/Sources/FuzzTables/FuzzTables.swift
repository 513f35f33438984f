import DiskInspection
import Glibc

/// Takes any bytes as a disk and reads its partition tables, then as a boot entry of the firmware.
///
/// Whatever comes, no partition reaches out of the disk, and a disk with a table or a mark of one is never said to have none.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // Checksums keep a fuzzer out, so that every other input gets right ones.
    if bytes.last.map({ $0 & 1 == 1 }) == true { seal(&bytes) }
    _ = BootEntry(variable: bytes)
    guard let disk = disk(bytes), let findings = try? TableFindings.read(disk) else { return 0 }
    for partition in findings.partitions { precondition(partition.extent.upperBound <= disk.size) }
    let hasMark = bytes.count >= 1024 && bytes[512...].starts(with: Array("EFI PART".utf8))
    if case .absent = findings.answer, bytes.count >= 2048 { precondition(!hasMark && findings.tables.isEmpty) }
    return 0
}

/// Gives a GPT at the front, and one at the end, the checksums that fit what they hold.
private func seal(_ bytes: inout [UInt8]) {
    func number(_ place: Int, _ count: Int) -> Int { (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) } }
    func put(_ sum: UInt32, _ place: Int) {
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: sum >> (8 * index)) }
    }
    for header in [512, bytes.count / 512 * 512 - 512] where header > 0 && header + 512 <= bytes.count {
        let entries = number(header + 72, 3) * 512, length = number(header + 80, 2) * number(header + 84, 2)
        if entries + length <= bytes.count { put(crc32(bytes[entries..<entries + length]), header + 88) }
        put(0, header + 16)
        put(crc32(bytes[header..<header + min(max(number(header + 12, 2), 92), 512)]), header + 16)
    }
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
