import RegistryHives

/// Takes any bytes as a hive and a log: four bytes for the log's length, the log, then the hive.
///
/// Both headers are made right first, or chance would have to hit a checksum. Whatever comes, the image is no shorter than its
/// header says, its own replay changes nothing more, and what libhivex opens of it can be walked without a crash.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard count >= 4 else { return 0 }
    let length = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
    let log = Array(bytes[4...].prefix(length))
    let hive = Array(bytes[4...].dropFirst(length))
    for kind: UInt8 in [1, 6] {
        guard let image = try? HiveImage(sealed(hive, kind: 0, apart: true), logs: [sealed(log, kind: kind)]) else {
            continue
        }
        guard let bytes = try? image.bytes(), let header = HiveHeader(bytes) else {
            preconditionFailure("an image that is no hive")
        }
        precondition(bytes.count >= 4096 + header.binsSize)
        if case .recovered = image.state {
            precondition(header.isClean)
            guard let again = try? HiveImage(bytes), let same = try? again.bytes() else {
                preconditionFailure("a replayed hive is refused")
            }
            precondition(again.state == .clean && same == bytes)
        }
        walk(image)
    }
    return 0
}

/// With the magic, the kind of file and the checksum of a base block.
///
/// - Parameter apart: Whether the sequence numbers differ, so that a log is due.
private func sealed(_ file: [UInt8], kind: UInt8, apart: Bool = false) -> [UInt8] {
    guard file.count >= 512 else { return file }
    var file = file
    file.replaceSubrange(..<4, with: Array("regf".utf8))
    file.replaceSubrange(8..<12, with: file[4..<8])
    if apart { file[4] &+= 1 }
    file.replaceSubrange(28..<32, with: [kind, 0, 0, 0])
    var sum: [UInt8] = [0, 0, 0, 0]
    for index in 0..<508 { sum[index % 4] ^= file[index] }
    file.replaceSubrange(508..<512, with: sum)
    return file
}

private func walk(_ image: HiveImage) {
    guard let hive = try? Hive(image) else { return }
    // A damaged list may lead in a circle.
    var (open, left) = ([hive.rootKey], 1000)
    while let key = open.popLast(), left > 0 {
        left -= 1
        _ = try? hive.values(of: key)
        open += (try? hive.keys(below: key)) ?? []
    }
}
