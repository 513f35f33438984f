import Glibc

/// The system refused what a test needs, or kept it waiting.
struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A new empty folder; what is made in it is removed by who made it, or with it.
final class Folder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/namesake-mei-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Trouble("mkdtemp: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func folder(_ name: String) throws -> String {
        let inner = "\(path)/\(name)"
        guard mkdir(inner, 0o755) == 0 else { throw Trouble("mkdir: errno \(errno)") }
        return inner
    }

    func file(_ name: String) throws -> String {
        let inner = "\(path)/\(name)"
        let descriptor = open(inner, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Trouble("create: errno \(errno)") }
        close(descriptor)
        return inner
    }

    deinit {
        for name in names(in: path) {
            let inner = "\(path)/\(name)"
            if unlink(inner) != 0 { rmdir(inner) }
        }
        rmdir(path)
    }
}

/// What a folder holds, without `.` and `..`.
func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}
