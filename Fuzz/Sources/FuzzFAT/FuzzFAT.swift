import FATFiles

/// Takes any bytes as a FAT volume and lists its folders.
///
/// Whatever comes, reading ends, stays within the volume, and no folder has more than its limit.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let volume = try? FATVolume { offset, wanted in
        precondition(wanted >= 0)
        guard offset <= UInt64(count), UInt64(wanted) <= UInt64(count) - offset else { return nil }
        return Array(bytes[Int(offset)..<Int(offset) + wanted])
    }
    guard let volume, let root = try? volume.entries([]) else { return 0 }
    precondition(root.count <= 65_536 + 4096 / 32)
    for entry in root where entry.isFolder {
        _ = try? volume.entries([entry.name])
        _ = try? volume.entries([entry.name, "Microsoft", "Boot"])
    }
    return 0
}
