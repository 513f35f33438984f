import Foundation

/// A folder that is gone when the body ends.
package func withTemporaryFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = NSTemporaryDirectory() + "namesake-test-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// A program of this build, beside the test bundle.
package func product(_ name: String) -> String {
    let bundle = CommandLine.arguments[0]
    for start in [bundle, ProcessInfo.processInfo.arguments.first ?? bundle, "/proc/self/exe"] {
        let folder = URL(filePath: start).resolvingSymlinksInPath().deletingLastPathComponent()
        let path = folder.appending(path: name).path(percentEncoded: false)
        if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    return name
}

/// A loopback address of this process's own, so that tests of several checkouts may run side by side.
///
/// Numbers from 256 on are in a second network of this process's own.
package func loopbackAddress(_ number: Int) -> String {
    let process = Int(ProcessInfo.processInfo.processIdentifier)
    guard number < 256 else { return "127.\(192 + process / 250 % 63).\(process % 250 + 1).\(number - 256)" }
    return "127.\(64 + process / 250 % 128).\(process % 250 + 1).\(number)"
}
