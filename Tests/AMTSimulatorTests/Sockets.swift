import Foundation
import Glibc
import TestKit

/// Listens on a free port and keeps what each connection sends, whole, with where it came from.
final class HelloCollector {
    struct Hello: Sendable {
        var from: String
        var bytes: [UInt8]
    }

    let port: Int
    private let listener: CInt

    init(address text: String) throws {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, text, &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                let bound = bind(listener, pointer, length) == 0 && listen(listener, 64) == 0
                return bound && getsockname(listener, pointer, &length) == 0
            }
        }
        guard status else { throw Unexpected("no port on \(text): \(String(cString: strerror(errno)))") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(listener) }

    /// The next so many, each read to its end.
    func take(_ count: Int) -> [Hello] {
        (0..<count).compactMap { _ in
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let connection = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept(listener, $0, &length) }
            }
            guard connection >= 0 else { return nil }
            defer { close(connection) }
            var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
            inet_ntop(AF_INET, &address.sin_addr, &text, socklen_t(text.count))
            let from = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return Hello(from: from, bytes: Self.all(connection))
        }
    }

    private static func all(_ descriptor: CInt) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer.prefix(count) }
        return bytes
    }
}

/// A client of the host interface's socket.
final class PacketSocket {
    private let descriptor: CInt

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw Unexpected("\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// Sends one packet and reads the next; nothing once the other side is gone.
    func ask(_ packet: [UInt8]) -> [UInt8] {
        guard send(descriptor, packet, packet.count, CInt(MSG_NOSIGNAL)) == packet.count else { return [] }
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return Array(buffer.prefix(max(0, count)))
    }
}
