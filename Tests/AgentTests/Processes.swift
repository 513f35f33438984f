import Glibc
import Synchronization

/// A value that a script on another thread may set.
final class Locked<Value: Sendable>: Sendable {
    private let storage: Mutex<Value>
    init(_ value: Value) { storage = Mutex(value) }
    var value: Value { storage.withLock { $0 } }
    func set(_ change: @Sendable (Value) -> Value) { storage.withLock { $0 = change($0) } }
}

/// `/proc/<pid>/status` of this process' child of that name; empty when there is none.
func statusOfChild(named name: String) -> String {
    guard let folder = opendir("/proc") else { return "" }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
        let number = withUnsafeBytes(of: entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard number.allSatisfy(\.isNumber) else { continue }
        let status = fileText("/proc/\(number)/status")
        // The kernel keeps 15 bytes of a name.
        if status.contains("Name:\t\(name.prefix(15))\n"), status.contains("\nPPid:\t\(getpid())\n") { return status }
    }
    return ""
}

func fileText(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var (text, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65_536))
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return String(decoding: text, as: UTF8.self) }
        text += buffer.prefix(count)
    }
}
