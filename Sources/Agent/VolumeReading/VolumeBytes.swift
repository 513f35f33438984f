import Glibc

/// Bytes of a volume, at a place within it; nil where they are not, or not all, to be had.
func read(_ descriptor: Int32, _ extent: Range<UInt64>, _ offset: UInt64, _ count: Int) -> [UInt8]? {
    let length = extent.upperBound - extent.lowerBound
    guard offset <= length, UInt64(count) <= length - offset else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
        let place = off_t(extent.lowerBound + offset) + off_t(done)
        let got = bytes.withUnsafeMutableBytes { buffer in
            pread(descriptor, buffer.baseAddress.map { $0 + done }, count - done, place)
        }
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { return nil }
        done += got
    }
    return bytes
}
