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

/// The first three octets of a loopback network that no other caller has, of this process or another: tests run side by
/// side, and so may several checkouts.
///
/// A bound socket at its address .254 holds the network until the process ends.
package func loopbackNetwork() throws -> String {
    for _ in 0..<1000 {
        let network = "127.\(Int.random(in: 64..<255)).\(Int.random(in: 1..<255))"
        let held = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard held >= 0 else { throw Unexpected("socket: \(String(cString: strerror(errno)))") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        // Above those that only root may have, below those that the kernel gives to clients.
        address.sin_port = UInt16(20_001).bigEndian
        address.sin_addr.s_addr = inet_addr("\(network).254")
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(held, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if bound == 0 { return network }
        let reason = errno
        close(held)
        guard reason == EADDRINUSE else { throw Unexpected("\(network).254: \(String(cString: strerror(reason)))") }
    }
    throw Unexpected("a thousand loopback networks are taken")
}
