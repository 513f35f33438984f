import Glibc

/// The folder of the file that this process runs; empty where `/proc` is not mounted.
package func ownFolder() -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes -> Int in
        guard let text = bytes.bindMemory(to: CChar.self).baseAddress else { return -1 }
        return readlink("/proc/self/exe", text, bytes.count)
    }
    guard count > 0 else { return "" }
    return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "/", omittingEmptySubsequences: false)
        .dropLast().joined(separator: "/")
}
